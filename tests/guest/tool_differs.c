// Says something else each time, and something that is the same; a line that may be different
// stands between. For the test of what compares programs.
#include <windows.h>
#include <stdio.h>

int main(void)
{
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    printf("the same\ndiffers: %lu\nthe time: %lld\nthe end\n", GetCurrentProcessId(),
           (long long)now.QuadPart);
    return 3;
}
