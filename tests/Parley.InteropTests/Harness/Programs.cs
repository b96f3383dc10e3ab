namespace Parley.InteropTests.Harness;

/// <summary>The programs that tests run, and what to say when one is not here.</summary>
internal static class Programs
{
    public const string Sipp = "sipp";
    public const string Sipsak = "sipsak";
    public const string Baresip = "baresip";
    public const string Linphone = "linphonec";
    public const string Tshark = "tshark";
    public const string EspeakNg = "espeak-ng";
    public const string Sox = "sox";
    public const string OpusEnc = "opusenc";
    public const string OpusDec = "opusdec";
    public const string OpusInfo = "opusinfo";
    public const string Dnsmasq = "dnsmasq";
    public const string Kamailio = "kamailio";

    /// <summary>A part of Kamailio that is a package of its own.</summary>
    public const string KamailioTls = "kamailio/modules/tls.so";

    public const string OpenSsl = "openssl";
    public const string Node = "node";
    public const string Npm = "npm";
    public const string Script = "script";
    public const string Svwar = "svwar";
    public const string Svcrack = "svcrack";

    /// <summary>ALSA's library, which is a file and no program.</summary>
    public const string Alsa = "./libasound.so.2";

    /// <summary>A library for Python, which is a file and no program.</summary>
    public const string PyLibSrtp = "/usr/lib/python3/dist-packages/pylibsrtp/__init__.py";

    // Debian's packages; test.sh installs them.
    private static readonly Dictionary<string, string> PackageOf = new(StringComparer.Ordinal)
    {
        [Sipp] = "sip-tester",
        [Sipsak] = "sipsak",
        [Baresip] = "baresip-core",
        [Linphone] = "linphone-cli",
        [Tshark] = "tshark",
        [EspeakNg] = "espeak-ng",
        [Sox] = "sox",
        [OpusEnc] = "opus-tools",
        [OpusDec] = "opus-tools",
        [OpusInfo] = "opus-tools",
        [Dnsmasq] = "dnsmasq-base",
        [Kamailio] = "kamailio",
        [KamailioTls] = "kamailio-tls-modules",
        [OpenSsl] = "openssl",
        [Node] = "nodejs",
        [Npm] = "npm",
        [Script] = "bsdutils",
        [Svwar] = "sipvicious",
        [Svcrack] = "sipvicious",
        [Alsa] = "libasound2",
        [PyLibSrtp] = "python3-pylibsrtp",
    };

    /// <summary>True where a test must not be skipped.</summary>
    public static bool IsContinuousIntegration => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Why some of these programs cannot be used here; null when all can.</summary>
    public static string? WhyNot(IReadOnlyCollection<string> programs)
    {
        string[] missing = [.. programs.Where(program => Find(program) is null)];
        if (missing.Length > 0)
        {
            return $"{string.Join(", ", missing)} not found: sudo apt-get install --no-install-recommends {string.Join(' ', missing.Select(program => PackageOf[program]))}";
        }

        return programs.Contains(Tshark) && !Environment.IsPrivilegedProcess ? "capturing on the loopback interface needs root" : null;
    }

    /// <summary>Where a program is.</summary>
    /// <exception cref="InvalidOperationException">It is not here; the message says how to install it.</exception>
    public static string PathOf(string program) => Find(program) ?? throw new InvalidOperationException(WhyNot([program]));

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Append("/usr/sbin")
            .Concat(program.Contains('/') && Directory.Exists("/usr/lib") ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu*") : [])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
