using RaftDb.BinlogWriter;

// Appends to a binlog until it is killed, and prints what was acknowledged: one line "range index checksum" each. For the tests that kill it.
return args is [var directory, var seed] && int.TryParse(seed, out int number)
    ? new EndlessWriter(directory, number).Run()
    : Usage();

static int Usage()
{
    Console.Error.WriteLine("usage: RaftDb.BinlogWriter DIRECTORY SEED");
    return 2;
}
