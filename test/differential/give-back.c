// In place of shim/memory.c, where the C library's own memory is watched.
double lxc_give_back(void)
{
	return 0;
}
