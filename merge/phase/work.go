package phase

import (
	"bytes"
	"compress/bzip2"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
)

// lib is the shell side.
//
//go:embed lib
var lib embed.FS

// work is the directory of a package's transaction on disk: what bash reads, and T,
// HOME and the like.
type work struct {
	places
	tree   rootfs.FS
	parent rootfs.FS // of a directory that only this call has, nil otherwise
	name   string    // in parent
}

// openWork opens the directory of a call; pretend, config and others without one get
// a temporary directory, which close removes.
func openWork(c *merge.PhaseCall, temp string) (*work, error) {
	w := new(work)
	dir := c.Temp
	if dir == "" || c.Phase == "pretend" {
		var err error
		if w.parent, err = rootfs.Open(temp); err != nil {
			return nil, fmt.Errorf("a directory for it cannot be made: %w", err)
		}
		w.name = "portsolve-" + rand.Text()
		if err := w.parent.Mkdir(w.name, 0o755); err != nil {
			w.parent.Close()
			return nil, fmt.Errorf("a directory for it cannot be made in %s: %w", temp, err)
		}
		dir = filepath.Join(temp, w.name)
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		w.tree, err = rootfs.Open(dir)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	w.dir = dir
	return w, nil
}

func (w *work) close() {
	if w.tree != nil {
		w.tree.Close()
	}
	if w.parent != nil {
		// What cannot be removed is left in the temporary directory.
		_ = rootfs.RemoveAll(w.parent, w.name)
		w.parent.Close()
	}
}

// write makes a file or replaces one. It need not survive a crash: what reads it is
// started now.
func (w *work) write(name string, data []byte, mode uint32) error {
	if err := w.tree.Unlink(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := w.tree.Create(name, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(data)
	return err
}

// errNoEnvironment says that the package has no saved environment.
var errNoEnvironment = errors.New("no environment.bz2")

// environment sees that the environment for bash is in place: the one that an
// earlier phase left, or the package's. run is false if the phase is certainly not
// in it; known tells that DEFINED_PHASES was recorded and has the phase.
func (w *work) environment(c *merge.PhaseCall, known bool) (run bool, err error) {
	env, err := rootfs.ReadFile(w.tree, "environment")
	if errors.Is(err, fs.ErrNotExist) {
		if env, err = savedEnvironment(c); err == nil {
			env = append(FilterEnvironment(env), environmentEnd...)
			err = w.write("environment", env, 0o644)
		}
	}
	if err != nil {
		return false, err
	}
	return known || hasFunction(env, "pkg_"+c.Phase), nil
}

// savedEnvironment reads a package's environment.bz2.
func savedEnvironment(c *merge.PhaseCall) ([]byte, error) {
	if c.Env == nil {
		return nil, errNoEnvironment
	}
	in, err := c.Env()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoEnvironment
	}
	if err != nil {
		return nil, fmt.Errorf("environment.bz2: %w", err)
	}
	defer in.Close()
	env, err := decompress(in, MaxEnvironment)
	if err != nil {
		return nil, fmt.Errorf("environment.bz2 %w", err)
	}
	return env, nil
}

// decompress reads bzip2 up to a limit; the error continues the name of the file.
func decompress(in io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(bzip2.NewReader(in), limit+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be decompressed: %w", err)
	}
	if n > limit {
		return nil, fmt.Errorf("has more than %d KiB after decompression", limit>>10)
	}
	return b.Bytes(), nil
}

// prepare writes what bash reads, and makes the directories of the phase; the working
// directory is empty (PMS 9.1.1).
func (w *work) prepare(bash string, list []variable) error {
	for _, name := range []string{"lib", "bin", "empty"} {
		if err := rootfs.RemoveAll(w.tree, name); err != nil {
			return err
		}
	}
	for _, name := range []string{"lib", "bin", "empty", "temp", "homedir"} {
		if err := rootfs.MkdirAll(w.tree, name, 0o755); err != nil {
			return err
		}
	}
	files, err := lib.ReadDir("lib")
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := lib.ReadFile("lib/" + f.Name())
		if err != nil {
			return err
		}
		if err := w.write("lib/"+f.Name(), data, 0o644); err != nil {
			return err
		}
	}
	if err := w.programs(bash, list); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, v := range list {
		kind := "-"
		if v.export {
			kind = "X"
		}
		b.WriteString(kind + v.name + "\x00" + strings.ReplaceAll(v.value, "\x00", "") + "\x00")
	}
	return w.write("variables", b.Bytes(), 0o644)
}

// programs makes the commands that are in PATH: one script by several names.
func (w *work) programs(bash string, list []variable) error {
	if strings.ContainsAny(bash, " \t\n") || len(bash) > 120 {
		bash = "/usr/bin/env bash" // what a #! line cannot name
	}
	script := "#!" + bash + "\n" + `source "${PORTSOLVE_PHASE_DIR}/lib/external.bash" "${0##*/}" "$@"` + "\n"
	if err := w.write("lib/program", []byte(script), 0o755); err != nil {
		return err
	}
	for _, name := range programs {
		if name == "nonfatal" && !hasWord(list, "__portsolve_features", "nonfatal-program") {
			continue
		}
		if err := w.tree.Symlink("../lib/program", "bin/"+name); err != nil {
			return err
		}
	}
	return nil
}

// hasWord reports whether the variable's value has the word.
func hasWord(list []variable, name, word string) bool {
	for _, v := range list {
		if v.name == name && strings.Contains(v.value, " "+word+" ") {
			return true
		}
	}
	return false
}

// save makes what the phase left the environment of later phases.
func (w *work) save() error {
	env, err := rootfs.ReadFile(w.tree, "environment.new")
	if err != nil {
		return err
	}
	if len(env) > MaxEnvironment {
		return fmt.Errorf("the environment that it left has more than %d MiB", MaxEnvironment>>20)
	}
	if err := w.write("environment.new", append(FilterEnvironment(env), environmentEnd...), 0o644); err != nil {
		return err
	}
	return w.tree.Rename("environment.new", "environment")
}
