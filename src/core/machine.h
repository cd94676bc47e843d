// What concerns the machine under all its VMs: what a program of one may change of it (nothing),
// and what it means when one shuts it down.
#ifndef PLUME_CORE_MACHINE_H
#define PLUME_CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum machine_answer {
    MACHINE_PASS,   // the system's to answer
    MACHINE_REFUSE, // as for a user without the privilege
    MACHINE_STOP,   // the VM is shut down
};

/* NtPowerInformation (POWER_INFORMATION_LEVEL of winnt.h), with or without something to set. */
enum machine_answer machine_power_information(uint32_t level, bool sets);

/* NtInitiatePowerAction, NtSetSystemPowerState (POWER_ACTION of winnt.h). */
enum machine_answer machine_power_action(uint32_t action);

/* NtRaiseHardError (HARDERROR_RESPONSE_OPTION of phnt's ntexapi.h): a message, or the machine's
 * end. */
enum machine_answer machine_hard_error(uint32_t option);

/* NtSetInformationProcess and NtSetInformationThread: whether the class makes the machine end with
 * the process or the thread (ProcessBreakOnTermination, ThreadBreakOnTermination). */
bool machine_ends_with_process(uint32_t class);
bool machine_ends_with_thread(uint32_t class);

/* ExitWindowsEx: whether these flags (EWX_ of winuser.h) need the privilege to shut down. Logging
 * off needs none. */
bool machine_exit_needs_privilege(uint32_t flags);

#endif
