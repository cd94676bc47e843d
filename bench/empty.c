// A program that does nothing: what starting any program costs.
int wmain(void);

int wmain(void)
{
    return 0;
}
