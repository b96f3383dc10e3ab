using System.CommandLine;
using System.Globalization;
using System.Text;
using Parley.Output;
using Parley.Server.CallRecords;

namespace Parley.Commands;

/// <summary><c>parley calls</c>: the call records. Works on the data folder, whether a server uses it or not.</summary>
internal static class CallsCommand
{
    private static readonly string[] Columns =
    [
        "call_id", "caller", "callee", "user", "started", "answered", "ended", "seconds", "status", "ended_by", "targets", "codec",
        "reporter_1", "mos_1", "r_1", "loss_percent_1", "reporter_2", "mos_2", "r_2", "loss_percent_2",
    ];

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("calls", "Show and export the records of the calls that went through the server; calls.record of its configuration turns them on");
        command.Add(List(runner));
        command.Add(Show(runner));
        command.Add(Export(runner));
        return command;
    }

    private static Command List(CommandRunner runner)
    {
        var command = new Command("list", "List calls, the newest first");
        var filter = new Filter(command);
        Option<int?> limit = Parsing.Number("--limit", "N", "List this many at most (100)", 1, 1_000_000);
        var files = new ServerFiles(command);
        command.Add(limit);
        runner.SetAction(command, (parse, output, _) =>
        {
            using var rows = new CallRecordRows(files.Load(parse).DataFolder);
            int shown = 0;
            foreach (CallRecord call in filter.Find(parse, rows, parse.GetValue(limit) ?? 100))
            {
                shown++;
                Tell(output, call);
                if (!output.IsJson) output.Say(Line(call));
            }

            if (shown == 0) output.Note("parley: there are no calls on record; calls.record of the configuration turns records on");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Show(CommandRunner runner)
    {
        var command = new Command("show", "Show all that is known of a call");
        var id = new Argument<string>("CALL-ID") { Description = "Its Call-ID" };
        var files = new ServerFiles(command);
        command.Add(id);
        runner.SetAction(command, (parse, output, _) =>
        {
            using var rows = new CallRecordRows(files.Load(parse).DataFolder);
            CallRecord[] calls = [.. rows.Find(callId: parse.GetRequiredValue(id), most: 16)];
            if (calls.Length == 0) throw CommandException.Failed($"there is no call {parse.GetRequiredValue(id)} on record");
            foreach (CallRecord call in calls)
            {
                Tell(output, call);
                if (output.IsJson) continue;
                output.Say(Line(call));
                output.Say($"  Call-ID {call.CallId}");
                output.Say($"  by {(call.Asserted.Length > 0 ? call.Asserted : "nobody whom this server knows")}");
                if (call.Targets.Count > 0) output.Say($"  tried {string.Join(", ", call.Targets)}");
                if (call.EndedBy != CallEnder.Unknown) output.Say($"  ended by the {CallRecordRows.WordOf(call.EndedBy)}");
                foreach (ReportedQuality quality in call.Quality) output.Say("  " + Line(quality));
            }

            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Export(CommandRunner runner)
    {
        var command = new Command("export", "Write calls into a CSV file (RFC 4180), the newest first");
        var file = new Argument<string>("FILE") { Description = "The file; one of this name is replaced" };
        var filter = new Filter(command);
        var files = new ServerFiles(command);
        command.Add(file);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            string path = parse.GetRequiredValue(file);
            using var rows = new CallRecordRows(files.Load(parse).DataFolder);
            int count = 0;
            var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\r\n" };
            await using (writer.ConfigureAwait(false))
            {
                await writer.WriteLineAsync(string.Join(',', Columns)).ConfigureAwait(false);
                foreach (CallRecord call in filter.Find(parse, rows, int.MaxValue))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await writer.WriteLineAsync(string.Join(',', Fields(call).Select(Csv))).ConfigureAwait(false);
                    count++;
                }
            }

            output.Event("exported", ("file", path), ("calls", count));
            output.Say(string.Create(CultureInfo.InvariantCulture, $"{count} calls are in {path}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Tell(CommandOutput output, CallRecord call)
    {
        output.Event("call",
            ("call", call.CallId), ("caller", call.Caller), ("callee", call.Callee), ("user", call.Asserted.Length > 0 ? call.Asserted : null), ("started", Time(call.Started)),
            ("answered", call.Answered is { } answered ? Time(answered) : null), ("ended", Time(call.Ended)), ("seconds", call.Duration.TotalSeconds), ("status", call.Status),
            ("endedBy", call.EndedBy == CallEnder.Unknown ? null : CallRecordRows.WordOf(call.EndedBy)), ("targets", call.Targets), ("codec", call.Codec.Length > 0 ? call.Codec : null));
        foreach (ReportedQuality quality in call.Quality)
        {
            output.Event("callQuality",
                ("call", call.CallId), ("reporter", quality.Reporter), ("reported", Time(quality.Reported)), ("codec", quality.Codec), ("mos", quality.Score), ("mosListening", quality.ListeningScore),
                ("r", quality.R), ("lossPercent", quality.LossPercent), ("latePercent", quality.DiscardPercent), ("jitterMilliseconds", quality.JitterMilliseconds),
                ("roundTripMilliseconds", quality.RoundTripMilliseconds), ("delayMilliseconds", quality.DelayMilliseconds));
        }
    }

    private static string Line(CallRecord call)
    {
        string length = call.Answered is null ? "not answered" : string.Create(CultureInfo.InvariantCulture, $"{call.Duration.TotalSeconds:0} s");
        string scores = string.Join("/", call.Quality.Where(quality => quality.Score is not null).Select(quality => quality.Score!.Value.ToString("0.0", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{call.Started:yyyy-MM-dd HH:mm:ss}Z  {call.Caller} -> {call.Callee}  {call.Status}  {length}{(call.Codec.Length > 0 ? "  " + call.Codec : "")}{(scores.Length > 0 ? "  MOS " + scores : "")}");
    }

    private static string Line(ReportedQuality quality) => string.Create(CultureInfo.InvariantCulture,
        $"heard by {quality.Reporter}: MOS {quality.Score:0.0} (R {quality.R:0}), lost {quality.LossPercent:0.0} %, late {quality.DiscardPercent:0.0} %, delay {quality.DelayMilliseconds} ms");

    private static IEnumerable<string> Fields(CallRecord call)
    {
        yield return call.CallId;
        yield return call.Caller;
        yield return call.Callee;
        yield return call.Asserted;
        yield return Time(call.Started);
        yield return call.Answered is { } answered ? Time(answered) : "";
        yield return Time(call.Ended);
        yield return call.Duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        yield return call.Status.ToString(CultureInfo.InvariantCulture);
        yield return CallRecordRows.WordOf(call.EndedBy);
        yield return string.Join(' ', call.Targets);
        yield return call.Codec;
        for (int i = 0; i < 2; i++)
        {
            ReportedQuality? quality = i < call.Quality.Count ? call.Quality[i] : null;
            yield return quality?.Reporter ?? "";
            yield return quality?.Score?.ToString("0.##", CultureInfo.InvariantCulture) ?? "";
            yield return quality?.R?.ToString("0.#", CultureInfo.InvariantCulture) ?? "";
            yield return quality?.LossPercent?.ToString("0.##", CultureInfo.InvariantCulture) ?? "";
        }
    }

    /// <summary>A field of CSV. What a spreadsheet would take for a formula is kept from being one: callers choose these texts.</summary>
    internal static string Csv(string field)
    {
        if (field.Length > 0 && "=+-@\t\r".Contains(field[0], StringComparison.Ordinal)) field = "'" + field;
        return field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Which calls are wanted.</summary>
    private sealed class Filter
    {
        private readonly Option<string?> _user = new("--user") { Description = "Only calls that this user made or was called in, such as alice@example.com", HelpName = "USER" };
        private readonly Option<string?> _since = new("--since") { Description = "Only calls that began then or later: a date or time such as 2026-01-31 or 2026-01-31T08:00Z, in UTC", HelpName = "TIME" };

        public Filter(Command command)
        {
            command.Add(_user);
            command.Add(_since);
        }

        public IEnumerable<CallRecord> Find(ParseResult parse, CallRecordRows rows, int most)
        {
            DateTimeOffset? since = null;
            if (parse.GetValue(_since) is { } text)
            {
                if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time))
                    throw CommandException.Usage($"--since: '{text}' is no time; it must look like 2026-01-31 or 2026-01-31T08:00Z");
                since = time;
            }

            return rows.Find(parse.GetValue(_user), since, most: most);
        }
    }
}
