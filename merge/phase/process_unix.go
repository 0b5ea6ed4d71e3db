//go:build unix

package phase

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// separate gives a command a session of its own: it can be ended with all that it
// starts, is not hit by Ctrl-C, and finds no terminal that it could wait for.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// terminate and kill end a command, and its group if it was separated.
func terminate(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { signal(cmd, syscall.SIGKILL) }

func signal(cmd *exec.Cmd, s syscall.Signal) {
	if cmd.SysProcAttr != nil && cmd.SysProcAttr.Setsid {
		_ = syscall.Kill(-cmd.Process.Pid, s)
		return
	}
	_ = cmd.Process.Signal(s) // not if it has been waited for: the number may be another's
}

// kernelRelease is what uname -r prints.
func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
