// Drives the npm package "ioredis" against the port that it is told, in both versions of the protocol. Prints "ok" at the end.
import assert from 'node:assert';
import Redis from 'ioredis';

for (const protocol of [2, 3]) {
    const client = new Redis(Number(process.argv[2]), '127.0.0.1', { maxRetriesPerRequest: 0, protocol });
    await client.del('i:key', 'i:bytes', 'i:word');
    assert.equal(await client.set('i:key', '1'), 'OK');
    assert.equal(await client.set('i:key', '2', 'NX'), null);
    assert.deepEqual(
        await client.pipeline().incr('i:key').get('i:key').incr('i:word').set('i:word', 'a').incr('i:word').mget('i:key', 'i:nope').exec().then(
            answers => answers.map(([error, answer]) => error ? error.message : answer)),
        [2, '2', 1, 'OK', 'ERR value is not an integer or out of range', ['2', null]]);
    assert.deepEqual(await client.multi().incr('i:key').incr('i:key').exec(), [[null, 3], [null, 4]]);
    const bytes = Buffer.from([0, 255, 13, 10, 0]);
    await client.set('i:bytes', bytes);
    assert.ok(bytes.equals(await client.getBuffer('i:bytes')));
    const found = [];
    for await (const keys of client.scanStream({ match: 'i:*', count: 1 })) {
        found.push(...keys);
    }

    assert.deepEqual(found, ['i:bytes', 'i:key', 'i:word']);
    await client.del('i:word');
    await client.quit();
}

console.log('ok');
