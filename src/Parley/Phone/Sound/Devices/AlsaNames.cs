using System.Runtime.InteropServices;
using Parley.Output;

namespace Parley.Phone.Sound.Devices;

/// <summary>A device that ALSA knows.</summary>
/// <param name="Name">What it is opened by.</param>
/// <param name="Words">What it is, in words; may be empty.</param>
/// <param name="HasMicrophone">Whether it can be listened to.</param>
/// <param name="HasSpeaker">Whether it can be spoken into.</param>
internal sealed record SoundDeviceName(string Name, string Words, bool HasMicrophone, bool HasSpeaker);

/// <summary>The devices that ALSA knows, by name.</summary>
internal static class AlsaNames
{
    private const int MostNames = 1000;

    /// <summary>Lists them.</summary>
    /// <exception cref="CommandException">The library is not there, or does not tell.</exception>
    public static IReadOnlyList<SoundDeviceName> List()
    {
        if (!LibAsound.IsThere) throw CommandException.Failed($"{LibAsound.Library} is not installed: there are no sound devices");
        int error = LibAsound.snd_device_name_hint(card: -1, "pcm", out nint hints);
        if (error < 0) throw CommandException.Failed($"the sound devices are not told: {LibAsound.WordsOf(error)}");
        List<SoundDeviceName> names = [];
        try
        {
            // An array of pointers that ends with none.
            for (int i = 0; i < MostNames && Marshal.ReadIntPtr(hints, i * nint.Size) is not 0 and nint hint; i++)
            {
                string? direction = TextOf(hint, "IOID");       // none for both
                if (TextOf(hint, "NAME") is { } name) names.Add(new SoundDeviceName(name, (TextOf(hint, "DESC") ?? "").ReplaceLineEndings(", "), direction is null or "Input", direction is null or "Output"));
            }
        }
        finally
        {
            _ = LibAsound.snd_device_name_free_hint(hints);
        }

        return names;
    }

    private static string? TextOf(nint hint, string id)
    {
        nint text = LibAsound.snd_device_name_get_hint(hint, id);
        if (text == 0) return null;
        string? value = Marshal.PtrToStringUTF8(text);
        LibAsound.free(text);
        return value;
    }
}
