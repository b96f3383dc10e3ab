namespace Parley.InteropTests.Harness;

/// <summary>A test that needs programs which are not ours. Without them it is skipped, with the reason; in CI it runs and fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerFactAttribute : FactAttribute
{
    public PeerFactAttribute(params string[] programs)
    {
        if (!Programs.IsContinuousIntegration) Skip = Programs.WhyNot(programs);
    }
}

/// <summary>The same for a test with several sets of data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerTheoryAttribute : TheoryAttribute
{
    public PeerTheoryAttribute(params string[] programs)
    {
        if (!Programs.IsContinuousIntegration) Skip = Programs.WhyNot(programs);
    }
}
