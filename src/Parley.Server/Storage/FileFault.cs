namespace Parley.Server.Storage;

/// <summary>Tells what goes wrong with a file from what goes wrong in the program.</summary>
internal static class FileFault
{
    /// <summary>True for what .NET throws when a file cannot be opened, read, written or forced onto the disk.</summary>
    /// <remarks>
    /// Not all of it is an <see cref="IOException"/>: EACCES, EPERM and EBADF come as no access, EFBIG as an argument that is
    /// out of range, ECANCELED as a cancelled operation; a handle may be closed, or be of something that is no file.
    /// </remarks>
    public static bool Is(Exception exception) => exception
        is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException or OperationCanceledException or ObjectDisposedException or NotSupportedException;
}
