using BenchmarkDotNet.Running;
using Parley.Benchmarks.Rtp;

// A comparison measures two things in turn, which no benchmark of its own could.
if (args is ["srtp"]) return SrtpComparison.Run();

// In this process: a child project per benchmark would be built with the checks of this house, which generated code does not pass.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args, "--inProcess"]);
return 0;
