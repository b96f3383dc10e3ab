namespace Parley.InteropTests.Harness;

/// <summary>Speech in a WAV file, 8 kHz mono 16 bit: espeak-ng speaks it, sox converts it. Made once per text and run.</summary>
internal static class Speech
{
    private static readonly SemaphoreSlim Gate = new(1, 1);

    // Half a second of silence on both ends: what starts the call is not the start of the speech.
    private static readonly string[] Edges = ["pad", "0.5", "0.5"];

    /// <summary>What the caller says: some 4 s.</summary>
    public static Task<string> OfCallerAsync() => MakeAsync("caller", "en", "Good morning. The quick brown fox jumps over the lazy dog.", Edges);

    /// <summary>What the callee says: other words in another voice, so that an echo is not taken for an answer.</summary>
    public static Task<string> OfCalleeAsync() => MakeAsync("callee", "en+f3", "Thank you for calling. Seventy six trombones led the big parade.", Edges);

    /// <summary>The same, followed by a minute of silence: for a player that ends the call with its file.</summary>
    public static Task<string> WithSilenceAfterAsync(string speech) =>
        OnceAsync(Path.ChangeExtension(speech, ".long.wav"), made => SoxAsync([speech, made, "pad", "0", "60"]));

    /// <summary>Speech as it is after a codec, sox being the codec: G.711 has one right answer for each sample.</summary>
    /// <param name="speech">A WAV file.</param>
    /// <param name="codec">"PCMU" or "PCMA".</param>
    public static Task<string> CodedAsync(string speech, string codec) =>
        OnceAsync(Path.ChangeExtension(speech, $".{codec}.wav"), async made =>
        {
            string coded = made + ".coded.wav";
            await SoxAsync([speech, "-e", codec == "PCMU" ? "mu-law" : "a-law", coded]);
            await SoxAsync([coded, "-e", "signed-integer", "-b", "16", made]);
        });

    /// <summary>A WAV file at another rate, with one channel.</summary>
    public static Task<string> AtAsync(string file, int sampleRate) =>
        OnceAsync(Path.ChangeExtension(file, $".{sampleRate}.wav"), made => SoxAsync([file, "-r", $"{sampleRate}", "-c", "1", made]));

    private static Task<string> MakeAsync(string name, string voice, string text, string[] effects) =>
        OnceAsync(Path.Combine(Folder(), name + ".wav"), async made =>
        {
            string raw = made + ".espeak.wav";
            ExitedProcess spoken = await ChildProcess.RunAsync("espeak-ng", Programs.EspeakNg, ["-v", voice, "-s", "150", "-w", raw, text], Folder());
            Assert.True(spoken.ExitCode == 0, spoken.Log);
            await SoxAsync([raw, "-r", "8000", "-c", "1", "-b", "16", made, "gain", "-n", "-3", .. effects]);
        });

    private static async Task SoxAsync(IEnumerable<string> arguments)
    {
        // -D: no dither, so that silence stays silence.
        ExitedProcess converted = await ChildProcess.RunAsync("sox", Programs.Sox, ["-D", .. arguments], Folder());
        Assert.True(converted.ExitCode == 0, converted.Log);
    }

    private static async Task<string> OnceAsync(string path, Func<string, Task> make)
    {
        await Gate.WaitAsync();
        try
        {
            if (!File.Exists(path))
            {
                string unfinished = path + ".new.wav";
                await make(unfinished);
                File.Move(unfinished, path);
            }

            return path;
        }
        finally
        {
            Gate.Release();
        }
    }

    private static string Folder() =>
        Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "test-results", "interop", $"{Environment.ProcessId}-speech")).FullName;
}
