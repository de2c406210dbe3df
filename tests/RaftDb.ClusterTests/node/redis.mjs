// Drives the npm package "redis" against the port that it is told, in both versions of the protocol. Prints "ok" at the end.
import assert from 'node:assert';
import { createClient } from 'redis';

for (const RESP of [2, 3]) {
    const client = createClient({ url: `redis://127.0.0.1:${process.argv[2]}`, RESP });
    client.on('error', error => { throw error; });
    await client.connect();
    await client.del(['n:key', 'n:count', 'n:gone']);
    assert.equal(await client.set('n:key', '1'), 'OK');
    assert.equal(await client.get('n:key'), '1');
    assert.equal(await client.get('n:nope'), null);
    assert.deepEqual(await client.mGet(['n:key', 'n:nope']), ['1', null]);
    assert.deepEqual(await client.multi().set('n:key', '5').incr('n:key').get('n:key').exec(), ['OK', 6, '6']);

    // Pipelined: they are answered in their order.
    const counted = await Promise.all(Array.from({ length: 100 }, () => client.incr('n:count')));
    assert.deepEqual(counted, Array.from({ length: 100 }, (_, i) => i + 1));

    await client.watch('n:key');
    await client.set('n:key', '7');
    await assert.rejects(client.multi().set('n:key', '8').exec(), /watched/);
    assert.equal(await client.get('n:key'), '7');
    await client.set('n:gone', 'x', { EX: 100 });
    assert.ok(await client.ttl('n:gone') > 90);
    const found = [];
    for await (const keys of client.scanIterator({ MATCH: 'n:*', COUNT: 2 })) {
        found.push(...[keys].flat());
    }

    assert.deepEqual(found, ['n:count', 'n:gone', 'n:key']);
    await assert.rejects(client.sendCommand(['NOPE']), /unknown command/);
    await client.close();
}

console.log('ok');
