namespace Parley.Net.Virtual;

/// <summary>A network's time as the platform knows time: clock, timestamps and timers that run when the network gets there.</summary>
internal sealed class VirtualTime(VirtualNetwork network, DateTimeOffset start) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => start.AddTicks(network.Now.Ticks);

    public override long GetTimestamp() => network.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(network, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(VirtualNetwork network, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;
        private Due? _next;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed) return false;
            _period = period;
            Set(dueTime);
            return true;
        }

        public void Dispose() => Stop();

        public ValueTask DisposeAsync()
        {
            Stop();
            return ValueTask.CompletedTask;
        }

        private void Stop()
        {
            _disposed = true;
            Set(Timeout.InfiniteTimeSpan);
        }

        private void Set(TimeSpan dueTime)
        {
            if (_next is not null) network.Abandon(_next);
            _next = dueTime < TimeSpan.Zero ? null : new Due(this);
            if (_next is not null) network.At(network.Now + dueTime, _next);
        }

        private void Elapse(Due due)
        {
            if (due != _next) return;   // changed or disposed since
            _next = null;
            if (_period > TimeSpan.Zero) Set(_period);
            callback(state);
        }

        private sealed class Due(Timer timer) : VirtualEvent
        {
            public override void Happen() => timer.Elapse(this);
        }
    }
}
