using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <remarks>The keys of dialog state.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> DialogKeys =>
    [
        new("events.dialogState", "\"off\", \"state\" or \"full\"", true, c => Shown(c.Events.DialogState), SetDialogState),
    ];

    private static bool SetDialogState(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetText(out string text)) return false;
        foreach (DialogState state in Enum.GetValues<DialogState>())
        {
            if (!Shown(state).Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            configuration = configuration with { Events = configuration.Events with { DialogState = state } };
            return true;
        }

        return false;
    }

    private static string Shown(DialogState state) => state switch
    {
        DialogState.Off => "off",
        DialogState.Full => "full",
        _ => "state",
    };
}
