package merge

import (
	"fmt"
	"os/exec"
	"slices"

	"github.com/portsolve/portsolve/merge/envupdate"
	"github.com/portsolve/portsolve/vdb"
)

// updateEnv is env-update(1) with the index of info pages. Its files are made of what
// is in ROOT, so that it may be done once for many packages, and again after a crash.
func (e *engine) updateEnv() error {
	if !e.env {
		return nil
	}
	r, err := envupdate.Update(vdb.State{FS: e.t}, envupdate.Options{LibrariesChanged: e.libs})
	if err != nil {
		return err
	}
	for _, p := range r.Problems {
		e.warn("%s", p)
	}
	if r.Ldconfig != nil {
		e.start(*r.Ldconfig)
	}
	if err := e.updateInfo(); err != nil {
		return err
	}
	e.env, e.libs = false, false
	return nil
}

// updateInfo makes the index of info directories anew in which something changed, and
// removes that of a directory without pages.
func (e *engine) updateInfo() error {
	if !e.info {
		return nil
	}
	dirs := e.target.Settings.InfoDirs
	program, err := exec.LookPath("install-info")
	if err != nil {
		_, problems, err := envupdate.WriteInfo(vdb.State{FS: e.t}, dirs)
		for _, p := range problems {
			e.warn("%s", p)
		}
		e.info = err != nil
		return err
	}
	for _, x := range envupdate.PlanInfo(e.t, dirs, program) {
		if err := x.Begin(e.t); err != nil {
			return err
		}
		for _, c := range x.Commands {
			e.start(c)
		}
		if err := x.Finish(e.t); err != nil {
			return err
		}
	}
	e.info = false
	return nil
}

// start runs a program of the host; that it fails is only told.
func (e *engine) start(c envupdate.Command) {
	cmd := exec.CommandContext(e.ctx, c.Path, c.Args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		e.warn("%s could not be made anew: %s: %v\n%.2000s", c.Why, c.Path, err, out)
	}
}

// dropInfoIndex removes the index of an info directory that a package leaves without
// pages; otherwise the directory would stay for ever.
func (rm *removal) dropInfoIndex(name string) error {
	if !slices.Contains(rm.e.target.Settings.InfoDirs, "/"+name) {
		return nil
	}
	for _, n := range envupdate.Orphaned(rm.e.t, name) {
		if err := rm.e.t.Unlink(n); err != nil {
			return fmt.Errorf("the index of info pages: %w", err)
		}
	}
	return nil
}
