using System.Globalization;
using Parley.Server.Tests.Registrar;

// The test assembly is also the process that one of its tests kills.
return args is ["register-until-killed", string folder, string first] ? KilledRegistrar.Run(folder, uint.Parse(first, CultureInfo.InvariantCulture)) : 2;
