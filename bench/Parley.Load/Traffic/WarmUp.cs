namespace Parley.Load.Traffic;

/// <summary>What comes before a run that counts: the users' registrations, and the same work for a moment.</summary>
internal static class WarmUp
{
    /// <summary>How many exchanges are under way at once.</summary>
    public const int Window = 64;

    /// <summary>Makes a server and this tool ready for a run.</summary>
    /// <param name="session">The session with the server.</param>
    /// <param name="plan">The run.</param>
    /// <param name="count">How many exchanges of its kind are made.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    /// <exception cref="LoadException">The server does not answer, or not as it should.</exception>
    public static void Prepare(LoadSession session, LoadPlan plan, long count, CancellationToken cancellationToken)
    {
        if (plan.Work is not (WorkKind.Register or WorkKind.Options)) Register(session, (int)Math.Min(plan.Users, Math.Max(plan.Count, count)), cancellationToken);
        if (count > 0) Check(session.Run(plan with { Count = count, Window = Math.Min(plan.Window, Window), Rate = null }, null, cancellationToken), plan.Work);
    }

    /// <summary>Registers the first users of a server.</summary>
    /// <exception cref="LoadException">The server does not answer, or not as it should.</exception>
    public static LoadResult Register(LoadSession session, int users, CancellationToken cancellationToken)
    {
        LoadResult result = session.Run(new LoadPlan { Work = WorkKind.Register, Count = users, Users = users, Window = Window }, null, cancellationToken);
        Check(result, WorkKind.Register);
        return result;
    }

    private static void Check(LoadResult result, WorkKind work)
    {
        if (result.Failed == 0) return;
        string kind = work.ToString().ToLowerInvariant();
        if (result.LastRefusal != 0) throw new LoadException($"the server refused {result.Failed} of {result.Failed + result.Done} exchanges ({kind}) before the run, the last one with {result.LastRefusal}");
        throw new LoadException($"the server did not answer {result.Failed} of {result.Failed + result.Done} exchanges ({kind}) before the run");
    }
}
