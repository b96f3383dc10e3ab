using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Parley.Endpoint.Tests")]
