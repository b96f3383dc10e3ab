namespace Parley.Server.Storage;

/// <summary>The data folder, a database or a journal in it cannot be used; the message says which file and why, in one line for people.</summary>
public sealed class StorageException : Exception
{
    /// <summary>A failure with its file.</summary>
    public StorageException(StorageFailure failure, string path, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Failure = failure;
        Path = path;
    }

    /// <summary>What is the matter.</summary>
    public StorageFailure Failure { get; }

    /// <summary>The file or folder that it is about.</summary>
    public string Path { get; }
}

/// <summary>Ways in which storage fails.</summary>
public enum StorageFailure
{
    /// <summary>The folder or file cannot be made, opened or written: rights, a read-only disk.</summary>
    NotWritable,

    /// <summary>The file is no database or journal, or a damaged one.</summary>
    Corrupt,

    /// <summary>The file was written by a newer version of this program.</summary>
    NewerSchema,

    /// <summary>Another process kept the database locked for too long, or uses the folder.</summary>
    Busy,

    /// <summary>The disk is full.</summary>
    Full,

    /// <summary>Reading or writing failed in another way.</summary>
    Failed,
}
