package mergecorpus

import (
	"os"
	"os/exec"
	"syscall"
)

// isolated is set in the environment of a process that Isolate has started.
const isolated = "PORTSOLVE_MERGECORPUS_NAMESPACE"

// Isolated prepares args to be run again as this program in a mount namespace
// of its own, which scenarios with mounts need. It is nil where that has been done or
// is not possible (it takes root).
func Isolated(args ...string) *exec.Cmd {
	if os.Getenv(isolated) != "" || os.Geteuid() != 0 {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), isolated+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return cmd
}
