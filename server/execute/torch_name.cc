// Nothing of its own: a name for libtorch_cpu.so and libc10.so, which it is linked with.
