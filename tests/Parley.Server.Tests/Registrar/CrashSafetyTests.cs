using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Xunit.Abstractions;

namespace Parley.Server.Tests.Registrar;

public sealed class CrashSafetyTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Every_completed_registration_survives_kill_9()
    {
        using var folder = new TestFolder();
        uint[] completed = new uint[KilledRegistrar.Users];
        uint highest = 0;

        // The process is killed twice, the second time over the log that the first one left.
        for (uint life = 0; life < 2; life++)
        {
            completed.AsSpan().Clear();
            using Process process = Start(folder, (life * 1_000_000) + 1);
            int lines = 0, users = 0;
            try
            {
                while (await process.StandardOutput.ReadLineAsync().WaitAsync(Limit) is { } line)
                {
                    // A killed process may leave half a line; it acknowledged nothing.
                    if (!uint.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)) continue;
                    ref uint last = ref completed[number % KilledRegistrar.Users];
                    if (last == 0) users++;
                    last = Math.Max(last, number);
                    highest = Math.Max(highest, number);    // two threads count, and one may be ahead, or the only one for long
                    if (++lines >= 5000 && users == KilledRegistrar.Users && !process.HasExited) process.Kill();
                }
            }
            finally
            {
                if (!process.HasExited) process.Kill();
                await process.WaitForExitAsync().WaitAsync(Limit);
            }

            Assert.NotEqual(0, process.ExitCode);
            Assert.True(highest >= (life * 1_000_000) + 4000, $"{highest} was the last that was completed: {await process.StandardError.ReadToEndAsync()}");
            Verify(folder, completed);
            output.WriteLine($"life {life + 1}: {lines} registrations of {KilledRegistrar.Users} users were completed before the kill; the last of each user, or a later one, was there after it");
        }
    }

    private static Process Start(TestFolder folder, uint first)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(KilledRegistrar).Assembly.Location);
        start.ArgumentList.Add("register-until-killed");
        start.ArgumentList.Add(folder.Path);
        start.ArgumentList.Add(first.ToString(CultureInfo.InvariantCulture));
        return Process.Start(start)!;
    }

    private static void Verify(TestFolder folder, uint[] completed)
    {
        using var service = new LocationService(
            new JournalBindingStore(folder.Path), new LocationOptions(), new RegistrarOptions(), new SameBytes(), TimeProvider.System, new RecordingLogger());
        service.Load();
        var buffer = new ArrayBufferWriter<byte>();
        foreach (uint number in completed)
        {
            BindingSet.Enumerator bindings = service.Find(TestUpdate.Utf8(KilledRegistrar.UserOf(number)), buffer).GetEnumerator();
            Assert.True(bindings.MoveNext(), $"registration {number} was completed and is gone");
            Assert.True(bindings.Current.CSeq >= number, $"registration {number} was completed, {bindings.Current.CSeq} is there");
        }
    }
}
