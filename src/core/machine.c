#include "core/machine.h"

enum machine_answer machine_power_information(uint32_t level, bool sets)
{
    switch (level) {
    case 0:  // SystemPowerPolicyAc
    case 1:  // SystemPowerPolicyDc
    case 9:  // AdministratorPowerPolicy
    case 18: // ProcessorPowerPolicyAc
    case 19: // ProcessorPowerPolicyDc
        return sets ? MACHINE_REFUSE : MACHINE_PASS;
    case 10: // SystemReserveHiberFile
        return MACHINE_REFUSE;
    default:
        return MACHINE_PASS;
    }
}

enum machine_answer machine_power_action(uint32_t action)
{
    switch (action) {
    case 0: // PowerActionNone
        return MACHINE_PASS;
    case 4: // PowerActionShutdown
    case 5: // PowerActionShutdownReset
    case 6: // PowerActionShutdownOff
        return MACHINE_STOP;
    default: // sleep, hibernation, ejection: the machine's, not a VM's
        return MACHINE_REFUSE;
    }
}

enum machine_answer machine_hard_error(uint32_t option)
{
    return option == 6 /* OptionShutdownSystem */ ? MACHINE_REFUSE : MACHINE_PASS;
}

bool machine_ends_with_process(uint32_t class)
{
    return class == 29;
}

bool machine_ends_with_thread(uint32_t class)
{
    return class == 18;
}

bool machine_exit_needs_privilege(uint32_t flags)
{
    enum { SHUTDOWN = 0x1, REBOOT = 0x2, POWEROFF = 0x8, RESTARTAPPS = 0x40, HYBRID = 0x400000 };
    return flags & (SHUTDOWN | REBOOT | POWEROFF | RESTARTAPPS | HYBRID);
}
