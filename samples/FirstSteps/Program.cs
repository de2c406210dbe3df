using System.Globalization;
using RaftDb.Client;

// Where the cluster is: as told, else where `raftdb dev` serves.
string servers = args.Length > 0 ? args[0] : "127.0.0.1:8101,127.0.0.1:8102,127.0.0.1:8103";
try
{
    await using RaftDbClient db = await RaftDbClient.ConnectAsync(servers);

    // 1. Write and read. The answer to a write tells the key's version.
    PutResult put = await db.PutAsync("first-steps/user/42", "Ada");
    Entry? entry = await db.GetAsync("first-steps/user/42");
    Console.WriteLine($"read {new Bytes(entry!.Value)}, version {entry.Version}");

    // 2. A read that may be half a second old is served by any replica.
    entry = await db.GetAsync("first-steps/user/42", ReadOptions.Bounded(TimeSpan.FromMilliseconds(500)));
    Console.WriteLine($"read {(entry is null ? "nothing yet" : new Bytes(entry.Value).ToString())} from node {entry?.Node}");

    // 3. A write on a condition: only if nobody has changed the key since.
    await db.PutAsync("first-steps/user/42", "Grace", new WriteOptions { IfVersion = put.Version });
    try
    {
        await db.PutAsync("first-steps/user/42", "Ada again", new WriteOptions { IfVersion = put.Version });
    }
    catch (RaftDbException refused) when (refused.Code == RaftDbErrorCodes.ConditionFailed)
    {
        Console.WriteLine($"refused: the version is {refused.Version}, not {put.Version}");
    }

    // 4. A transaction: all of it or nothing. Two accounts, and the money is never in both or in none.
    await db.PutAsync("first-steps/account/a", "100");
    await db.PutAsync("first-steps/account/b", "0");
    TxnResult transfer = await db.Txn()
        .IfValue("first-steps/account/a", "100")
        .Increment("first-steps/account/a", -30)
        .Increment("first-steps/account/b", 30)
        .CommitAsync();
    Console.WriteLine($"transferred: {(transfer.Succeeded ? "yes" : "no")}");

    // 5. Keys in order, a page at a time however many there are.
    await foreach (ScanItem item in db.ScanAsync(prefix: "first-steps/"))
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{new Bytes(item.Key)} = {new Bytes(item.Value)} (version {item.Version})"));
    }

    // 6. A key that goes away by itself, and one that is removed.
    await db.PutAsync("first-steps/guest", "x", new WriteOptions { TimeToLive = TimeSpan.FromSeconds(30) });
    DeleteResult deleted = await db.DeleteAsync("first-steps/user/42");
    Console.WriteLine($"deleted: {(deleted.Deleted ? "yes" : "no")}");
    return 0;
}
catch (RaftDbException failure)
{
    await Console.Error.WriteLineAsync($"{failure.Code}: {failure.Message} Is a cluster running there? `scripts/raftdb dev` starts one.");
    return 1;
}
