namespace RaftDb.Simulation;

/// <summary>Runs seeds of the simulator from the command line.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        RunArguments run;
        try
        {
            run = RunArguments.Parse(arguments);
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine(e.Message);
            Console.Error.WriteLine(RunArguments.Usage);
            return 2;
        }

        return new SwarmProgram(run).Run();
    }
}
