using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Hosting;

namespace Parley.Server.Application;

/// <summary>A Parley server as one of the services of a .NET host: it starts and stops with the host, and logs where the host does.</summary>
public static class ParleyServiceCollectionExtensions
{
    /// <summary>Adds a server.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">What the server is to be.</param>
    /// <param name="configure">Adds the program's own rules; null for none.</param>
    /// <returns>The services. <see cref="ParleyApplication"/> is one of them.</returns>
    public static IServiceCollection AddParley(this IServiceCollection services, ParleyConfiguration configuration, Action<ParleyApplication>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddSingleton(provider =>
        {
            var application = new ParleyApplication(configuration, new ParleyServerOptions { Logging = provider.GetRequiredService<ILoggerFactory>() });
            configure?.Invoke(application);
            return application;
        });
        return services.AddHostedService<HostedApplication>();
    }

    private sealed class HostedApplication(ParleyApplication application) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => application.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => application.StopAsync();
    }
}
