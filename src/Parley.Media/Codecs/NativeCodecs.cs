using System.Reflection;
using System.Runtime.InteropServices;
using Parley.Media.Processing;

namespace Parley.Media.Codecs;

/// <summary>Finds the libraries that codecs and speech processing stand on, under the names that each system has for them.</summary>
/// <remarks>A library that is not there is no error: its codec is then not among <see cref="AudioCodecs.All"/>, and <see cref="SpeechProcessor.IsAvailable"/> says no.</remarks>
internal static class NativeCodecs
{
    private static readonly Dictionary<string, nint> Loaded = Load();

    /// <summary>True where a library is.</summary>
    public static bool Has(string library) => Loaded.ContainsKey(library);

    /// <summary>A library's file, as it is called here.</summary>
    public static string FileOf(string library) => Names(library)[0];

    private static Dictionary<string, nint> Load()
    {
        Dictionary<string, nint> loaded = [];
        foreach (string library in new[] { LibOpus.Library, LibBcg729.Library, LibSpeexDsp.Library })
        {
            foreach (string name in Names(library))
            {
                if (!NativeLibrary.TryLoad(name, typeof(NativeCodecs).Assembly, DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory, out nint handle)) continue;
                loaded.Add(library, handle);
                break;
            }
        }

        NativeLibrary.SetDllImportResolver(typeof(NativeCodecs).Assembly, Resolve);
        return loaded;
    }

    private static string[] Names(string library) =>
        OperatingSystem.IsWindows() ? [library + ".dll", $"lib{library}.dll", $"lib{library}-0.dll"]
        : OperatingSystem.IsMacOS() ? [$"lib{library}.dylib", $"lib{library}.{(library == LibSpeexDsp.Library ? 1 : 0)}.dylib", $"/opt/homebrew/lib/lib{library}.dylib", $"/usr/local/lib/lib{library}.dylib"]
        : [$"lib{library}.so.{(library == LibSpeexDsp.Library ? 1 : 0)}", $"lib{library}.so"];

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path) => Loaded.GetValueOrDefault(library);
}
