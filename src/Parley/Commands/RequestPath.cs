using System.Reflection;
using System.Runtime.CompilerServices;

namespace Parley.Commands;

/// <summary>The code that requests go through, compiled before they come.</summary>
/// <remarks>
/// Parley compiles each method once and well (Parley.csproj). Left to the first request of a kind, that would make it and those behind it wait
/// for 50 to 150 ms; and a static field is a constant to the compiler only when its class was initialized before. It takes a second and a half of
/// a thread beside the others, once; a method that is called before its turn is compiled there and then.
/// </remarks>
internal static class RequestPath
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    // In the order of their haste: what every request needs comes first.
    private static readonly string[] Namespaces =
    [
        "Parley.Core", "Parley.Net", "Parley.Net.Linux", "Parley.Sip.Messages", "Parley.Sip.Transactions", "Parley.Endpoint.Sip", "Parley.Server.Hosting",
        "Parley.Sip.Authentication", "Parley.Server.Authentication", "Parley.Server.Registrar", "Parley.Server.Storage", "Parley.Server.Proxy", "Parley.Server.Redirect",
    ];

    /// <summary>Compiles it on a thread of its own, and then gives the memory back that the start needed.</summary>
    public static void Prepare() => new Thread(Run) { IsBackground = true, Name = "compile" }.Start();

    private static void Run()
    {
        ILookup<string, Type> types = Assemblies().SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { ContainsGenericParameters: false, IsInterface: false })
            .ToLookup(type => type.Namespace ?? "");
        foreach (string name in Namespaces)
        {
            foreach (Type type in types[name]) Try(() => RuntimeHelpers.RunClassConstructor(type.TypeHandle));
            foreach (MethodBase method in types[name].SelectMany(type => type.GetMembers(Own).OfType<MethodBase>()))
            {
                if (method is { IsAbstract: false, ContainsGenericParameters: false }) Try(() => RuntimeHelpers.PrepareMethod(method.MethodHandle));
            }
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static IEnumerable<Assembly> Assemblies() => Namespaces.Select(name => string.Join('.', name.Split('.').Take(2))).Distinct().Select(Assembly.Load);

    private static void Try(Action prepare)
    {
        try
        {
            prepare();
        }
        catch (Exception)
        {
            // Nothing depends on it: some methods of other platforms cannot be compiled on this one, and a class that cannot be initialized says so when it is used.
        }
    }
}
