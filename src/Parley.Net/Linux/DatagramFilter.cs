namespace Parley.Net.Linux;

/// <summary>What the kernel drops of what comes to a socket: by one program that is told another share where this process may load such, and elsewhere by a new program for each.</summary>
internal sealed class DatagramFilter(int fd) : IDisposable
{
    private AdjustableThinning? _adjustable;
    private bool _cannotAdjust = !Bpf.IsAllowed;

    /// <summary>True while the program is there that is only told another share.</summary>
    public bool IsAdjustable { get; private set; }

    /// <summary>Drops what is asked for, in place of what was asked before.</summary>
    /// <returns>False when the kernel cannot. Then nothing is dropped.</returns>
    public bool TrySet(DatagramThinning? thinning)
    {
        if (thinning is null)
        {
            IsAdjustable = false;
            return ThinningProgram.TryDetach(fd);
        }

        if (!_cannotAdjust)
        {
            if (_adjustable?.Fits(thinning) != true) Load(thinning);
            if (_adjustable is not null && _adjustable.TryAdjust(thinning) && (IsAdjustable || _adjustable.TryAttach(fd))) return IsAdjustable = true;
            (_cannotAdjust, IsAdjustable) = (true, false);
        }

        return ThinningProgram.TryAttach(fd, thinning);
    }

    /// <inheritdoc/>
    public void Dispose() => _adjustable?.Dispose();

    private void Load(DatagramThinning thinning)
    {
        _adjustable?.Dispose();
        (_adjustable, IsAdjustable) = (AdjustableThinning.TryLoad(thinning), false);
    }
}
