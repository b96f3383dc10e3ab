namespace Parley.Load.Traffic;

/// <summary>A kind of work as reports know it: what is done, how often, and how fast.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Title">What it is, in words.</param>
/// <param name="Plan">The run.</param>
internal sealed record Workload(string Name, string Title, LoadPlan Plan)
{
    /// <summary>All, in the order in which they are measured.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("register", "REGISTER, 401, REGISTER with digest, 200; binding on disk", new LoadPlan { Work = WorkKind.Register, Count = 60_000 }),
        new("register-memory", "the same, bindings in memory", new LoadPlan { Work = WorkKind.Register, Count = 60_000 }),
        new("options", "OPTIONS, 200", new LoadPlan { Work = WorkKind.Options, Count = 300_000 }),
        new("forward", "a request to a user and its response, forwarded", new LoadPlan { Work = WorkKind.Forward, Count = 150_000 }),
        new("call", "call, as many as it takes", new LoadPlan { Work = WorkKind.Call, Count = 20_000, Window = 32 }),
        new("call-at-1000", "call, 1,000 a second", new LoadPlan { Work = WorkKind.Call, Count = 3_000, Window = 512, Rate = 1000 }),
    ];

    /// <summary>True when Parley is to keep bindings in memory only.</summary>
    public bool IsInMemory => Name.EndsWith("-memory", StringComparison.Ordinal);

    /// <summary>True when what has ended keeps the server busy for some seconds.</summary>
    public bool LeavesCalls => Plan.Work == WorkKind.Call;
}
