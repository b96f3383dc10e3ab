using System.Globalization;
using System.Runtime.InteropServices;

namespace Parley.Server.Tests.Storage;

/// <summary>A file in memory that can be sealed: from then on the system answers EPERM to whoever wants to make it longer.</summary>
internal sealed class SealableFile : IDisposable
{
    // linux/memfd.h, linux/fcntl.h
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int SealGrow = 4;

    private readonly int _descriptor;

    public SealableFile()
    {
        _descriptor = memfd_create("parley-test", AllowSealing);
        Assert.True(_descriptor >= 0);
    }

    /// <summary>Where it can be opened while it is not disposed.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{_descriptor}");

    public void Seal() => Assert.Equal(0, fcntl(_descriptor, AddSeals, SealGrow));

    public void Dispose() => Assert.Equal(0, close(_descriptor));

    [DllImport("libc")]
    private static extern int memfd_create([MarshalAs(UnmanagedType.LPStr)] string name, uint flags);

    [DllImport("libc")]
    private static extern int fcntl(int descriptor, int command, int argument);

    [DllImport("libc")]
    private static extern int close(int descriptor);
}

/// <summary>A test with a <see cref="SealableFile"/>, which only Linux has.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SealableFileFactAttribute : FactAttribute
{
    public SealableFileFactAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = "sealing a file needs Linux";
    }
}
