using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Parley.Core;
using Parley.Server.Application;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Server.Tests.Hosting;

/// <summary>A server with a program's own rules: alone, and in a .NET host.</summary>
public sealed class ParleyApplicationTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-application-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ParleyConfiguration Configuration => new()
    {
        Domains = [new DomainOptions("example.com")],
        Listen = [new ListenUri(ListenTransport.Udp, AnyPort)],
        DataFolder = _folder,
        Lanes = 1,
    };

    private static StepResult RefuseOptions(ref RequestContext request) => request.Method == SipMethod.Options ? request.Reply(433) : StepResult.Continue;

    private static async Task<int> AskAsync(ParleyApplication application)
    {
        await using SipUserAgent phone = await PhoneAsync(application);
        return (await phone.OptionsAsync("sip:bob@example.com").WaitAsync(Limit)).StatusCode;
    }

    private static Task<SipUserAgent> PhoneAsync(ParleyApplication application) => SipUserAgent.StartAsync(new SipUserAgentOptions
    {
        OutboundProxy = SipUri.Parse($"sip:{application.Server.Listening[0].Address}"),
        Listen = SipUserAgentOptions.ListenOn(AnyPort),
    });

    [Fact]
    public async Task A_step_is_part_of_the_server()
    {
        await using var application = new ParleyApplication(Configuration);
        application.Use(RefuseOptions);
        await application.StartAsync().WaitAsync(Limit);
        Assert.Equal(433, await AskAsync(application));
        Assert.Throws<InvalidOperationException>(() => application.Use(RefuseOptions));
        await application.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task A_function_answers_the_calls_of_a_user()
    {
        var hungUp = new TaskCompletionSource<CallEndReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var application = new ParleyApplication(Configuration);
        application.MapInvite("support", async call =>
        {
            await call.RingAsync();
            await call.AnswerAsync(CallAudio.Echo());
            hungUp.SetResult((await call.Ended).Reason);
        });
        application.MapInvite("short", call => call.AnswerAsync());
        application.MapInvite("closed", call => call.RejectAsync(480));
        application.MapInvite("broken", _ => throw new FormatException("on purpose"));
        Assert.Throws<InvalidOperationException>(() => application.MapInvite("support", _ => Task.CompletedTask));
        await application.StartAsync().WaitAsync(Limit);
        await using SipUserAgent phone = await PhoneAsync(application);

        Call call = await phone.CallAsync("sip:support@example.com").WaitAsync(Limit);
        await call.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(CallEndReason.HungUpByPeer, await hungUp.Task.WaitAsync(Limit));

        call = await phone.CallAsync("sip:short@example.com").WaitAsync(Limit);
        Assert.Equal(CallEndReason.HungUpByPeer, (await call.Ended.WaitAsync(Limit)).Reason);

        Assert.Equal(480, await RefusalAsync(phone, "closed"));
        Assert.Equal(500, await RefusalAsync(phone, "broken"));
        Assert.Equal(480, await RefusalAsync(phone, "nobody"));
    }

    private static async Task<int> RefusalAsync(SipUserAgent phone, string user) =>
        (await Assert.ThrowsAsync<CallFailedException>(() => phone.CallAsync($"sip:{user}@example.com").WaitAsync(Limit))).End.StatusCode;

    [Fact]
    public async Task An_application_runs_until_it_is_told_to_end()
    {
        await using var application = new ParleyApplication(Configuration);
        using var ending = new CancellationTokenSource();
        Task running = application.RunAsync(ending.Token);
        Assert.True(SpinWait.SpinUntil(() => running.IsCompleted || application.Server.Listening.Count > 0, Limit));
        Assert.False(running.IsCompleted);
        await ending.CancelAsync();
        await running.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_host_starts_and_stops_it()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddParley(Configuration, application => application.Use(RefuseOptions));
        using IHost host = builder.Build();
        await host.StartAsync().WaitAsync(Limit);
        ParleyApplication application = host.Services.GetRequiredService<ParleyApplication>();
        Assert.Equal(433, await AskAsync(application));
        await host.StopAsync().WaitAsync(Limit);
        Assert.Throws<InvalidOperationException>(() => application.Use(RefuseOptions));
    }
}
