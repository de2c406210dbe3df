// Writes one key after the other through a client library, whose node is killed and started again meanwhile, and then reads all that was acknowledged.
// Arguments: the library, the version of the protocol, the port. Prints "writing", "disconnected", and "ok" at the end.
import assert from 'node:assert';

const [library, version, port] = process.argv.slice(2);
const protocol = Number(version);
let disconnected = false;
const onDisconnect = () => {
    if (!disconnected) {
        disconnected = true;
        console.log('disconnected');
    }
};
const client = await connect();
const acknowledged = [];
let after = 0;
for (let i = 0; after < 50; i++) {
    const key = `f:${library}:${protocol}:${i}`;
    try {
        await client.set(key, String(i));
    } catch (error) {
        // Whether it was written is not known: the connection was lost, or the range had no leader for too long.
        assert.match(error.message, /closed|connect|ECONN|EPIPE|UNAVAILABLE|UNKNOWN|TRYAGAIN|max retries/i, error.message);
        await new Promise(resolve => setTimeout(resolve, 20));
        continue;
    }

    acknowledged.push(i);
    if (acknowledged.length === 10) {
        console.log('writing');
    }

    if (disconnected) {
        after++;
    }
}

const keys = acknowledged.map(i => `f:${library}:${protocol}:${i}`);
const values = library === 'redis' ? await client.mGet(keys) : await client.mget(keys);
assert.deepEqual(values, acknowledged.map(String));
console.log(`ok: ${acknowledged.length}`);
await (library === 'redis' ? client.close() : client.quit());

async function connect() {
    if (library === 'redis') {
        const { createClient } = await import('redis');
        const redis = createClient({ url: `redis://127.0.0.1:${port}`, RESP: protocol, socket: { reconnectStrategy: 50 } });
        redis.on('error', onDisconnect);
        redis.on('reconnecting', onDisconnect);
        await redis.connect();
        return redis;
    }

    const { default: Redis } = await import('ioredis');
    const redis = new Redis(Number(port), '127.0.0.1', { protocol, retryStrategy: () => 50 });
    redis.on('error', onDisconnect);
    redis.on('close', onDisconnect);
    return redis;
}
