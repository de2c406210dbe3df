using System.Reflection;
using NUnit.Framework;

namespace RaftDb.Simulation.Scenarios;

/// <summary>Runs scripted scenarios from the command line, by the beginning of their names (a row's id).</summary>
internal static class ScenarioProgram
{
    public static int Run(string id)
    {
        Console.WriteLine($"SEED=1 scenario {id}");
        int run = 0;
        int failed = 0;
        foreach (Type type in typeof(ScenarioProgram).Assembly.GetTypes().Where(t => t.Namespace == typeof(ScenarioProgram).Namespace && t.Name.EndsWith("Scenarios", StringComparison.Ordinal)))
        {
            foreach (MethodInfo method in type.GetMethods().Where(m => m.GetCustomAttribute<TestAttribute>() is not null && m.GetParameters().Length == 0 && Matches(m.Name, id)))
            {
                run++;
                try
                {
                    method.Invoke(Activator.CreateInstance(type), null);
                    Console.WriteLine($"  passed {method.Name}");
                }
                catch (TargetInvocationException e)
                {
                    failed++;
                    Console.WriteLine($"  FAILED {method.Name}: {e.InnerException}");
                }
            }
        }

        Console.WriteLine(run == 0 ? $"FAILED there is no scenario {id}" : failed == 0 ? $"PASSED {run} scenarios" : $"FAILED {failed} of {run} scenarios");
        return run > 0 && failed == 0 ? 0 : 1;
    }

    private static bool Matches(string name, string id) => id == "all" || name == id || name.Split('_').Contains(id);
}
