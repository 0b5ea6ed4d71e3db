//go:build !unix

package phase

import "os/exec"

// Without process groups only bash itself is ended.
func separate(*exec.Cmd)      {}
func terminate(cmd *exec.Cmd) { kill(cmd) }
func kill(cmd *exec.Cmd)      { _ = cmd.Process.Kill() }

func kernelRelease() string { return "" }
