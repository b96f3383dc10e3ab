using BenchmarkDotNet.Running;

// In this process: a child project per benchmark would be built with the checks of this house, which generated code does not pass.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args, "--inProcess"]);
