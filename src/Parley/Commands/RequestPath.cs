using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Parley.Net;

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

    // In the order of their haste: what every request needs comes first. What only some servers have, such as the web listener, is not among them: it would
    // be loaded for nothing (5 MB).
    private static readonly string[] Namespaces =
    [
        "Parley.Core", "Parley.Net", "Parley.Net.Linux", "Parley.Sip.Messages", "Parley.Sip.Transactions", "Parley.Endpoint.Sip", "Parley.Server.Hosting",
        "Parley.Sip.Authentication", "Parley.Server.Authentication", "Parley.Server.Registrar", "Parley.Server.Storage", "Parley.Server.Proxy", "Parley.Server.Redirect",
    ];

    /// <summary>Compiles it on a thread of its own, and then gives the memory back that the start needed.</summary>
    public static void Prepare(ILogger logger) => BackgroundThread.Start("compile", () => Run(logger));

    private static void Run(ILogger logger)
    {
        ILookup<string, Type> types = Assemblies().SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { ContainsGenericParameters: false, IsInterface: false } && !type.IsSubclassOf(typeof(Delegate)))
            .ToLookup(type => type.Namespace ?? "");
        foreach (string name in Namespaces)
        {
            foreach (Type type in types[name]) Try(logger, type, () => RuntimeHelpers.RunClassConstructor(type.TypeHandle));
            foreach (MethodBase method in types[name].SelectMany(type => type.GetMembers(Own).OfType<MethodBase>()))
            {
                if (method is { IsAbstract: false, ContainsGenericParameters: false }) Try(logger, method, () => RuntimeHelpers.PrepareMethod(method.MethodHandle));
            }
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static IEnumerable<Assembly> Assemblies() => Namespaces.Select(name => string.Join('.', name.Split('.').Take(2))).Distinct().Select(Assembly.Load);

    /// <summary>Nothing depends on it: what is of another platform cannot be compiled on this one, and what cannot be initialized says so when it is used.</summary>
    private static void Try(ILogger logger, MemberInfo member, Action prepare)
    {
        try
        {
            prepare();
        }
        catch (Exception exception)
        {
            Log.NotPrepared(logger, member.DeclaringType?.Name, member.Name, exception.Message);
        }
    }
}
