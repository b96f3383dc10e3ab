using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Parley.Media.Tests")]
