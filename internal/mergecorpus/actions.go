package mergecorpus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// editTime is the mtime of what an action changes without naming one.
const editTime = 1710000000

// outsideTarget is where the link of the "outside" action leads, below the directory of the run.
const outsideTarget = "outside/target"

// verb tells the actions, with the least and the greatest number of arguments.
func verb(name string) (least, most int, ok bool) {
	switch name {
	case "outside":
		return 0, 0, true
	case "rm", "rmtree", "mkdir", "setcounter", "truncate_half":
		return 1, 1, true
	case "append", "symlink", "link", "mv", "touch", "chmod", "chattr", "rewrite_keep_mtime", "cfgset":
		return 2, 2, true
	case "chown":
		return 3, 3, true
	case "write":
		return 2, 4, true
	}
	return 0, 0, false
}

func checkActions(actions []Action) error {
	for _, a := range actions {
		if len(a) == 0 {
			return errors.New("an action without a verb")
		}
		name, _ := a[0].(string)
		least, most, ok := verb(name)
		if !ok {
			return fmt.Errorf("unknown action %v", a[0])
		}
		if n := len(a) - 1; n < least || n > most {
			return fmt.Errorf("action %s with %d arguments", name, n)
		}
	}
	return nil
}

// text is argument i (from 1) as text, "" if it is not there.
func (a Action) text(i int) string {
	if i >= len(a) {
		return ""
	}
	switch v := a[i].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatInt(int64(v), 10)
	}
	return ""
}

func (a Action) number(i int, base int) (int64, error) {
	return strconv.ParseInt(a.text(i), base, 64)
}

// apply carries out actions in order.
func (w *World) apply(actions []Action) error {
	for _, a := range actions {
		if err := w.act(a); err != nil {
			return fmt.Errorf("action %v: %w", []any(a), err)
		}
	}
	return nil
}

// act carries out one action. Paths that say nothing else are below ROOT.
func (w *World) act(a Action) error {
	path := filepath.Join(w.Root, a.text(1))
	switch a[0].(string) {
	case "write":
		return w.write(path, a)
	case "append", "rewrite_keep_mtime", "truncate_half":
		return w.rewrite(path, a)
	case "rm":
		return os.Remove(path)
	case "rmtree":
		return os.RemoveAll(path)
	case "mkdir":
		return os.MkdirAll(path, 0o755)
	case "symlink": // target, then path
		return w.symlink(a.text(1), filepath.Join(w.Root, a.text(2)))
	case "link":
		return withParents(filepath.Join(w.Root, a.text(2)), func(p string) error { return os.Link(path, p) })
	case "mv":
		return withParents(filepath.Join(w.Root, a.text(2)), func(p string) error { return os.Rename(path, p) })
	case "touch":
		n, err := a.number(2, 10)
		return errors.Join(err, setTime(path, n, 0))
	case "chmod":
		n, err := a.number(2, 8)
		return errors.Join(err, syscall.Chmod(path, uint32(n)))
	case "chown":
		uid, err1 := a.number(2, 10)
		gid, err2 := a.number(3, 10)
		return errors.Join(err1, err2, os.Lchown(path, int(uid), int(gid)))
	case "chattr":
		return w.chattr(a.text(1), filepath.Join(w.Root, a.text(2)))
	case "setcounter":
		return w.setCounter(a)
	case "cfgset":
		return writeFile(filepath.Join(w.Dir, "etc/portage/sets", a.text(1)), a.text(2))
	case "outside":
		return w.outside()
	}
	return errors.New("unknown action")
}

// write is "write path text [mode] [mtime]".
func (w *World) write(path string, a Action) error {
	mode, mtime := int64(0o644), int64(editTime)
	var err error
	if a.text(3) != "" {
		mode, err = a.number(3, 8)
	}
	if a.text(4) != "" && err == nil {
		mtime, err = a.number(4, 10)
	}
	if err != nil {
		return err
	}
	if err := writeFile(path, a.text(2)); err != nil {
		return err
	}
	return errors.Join(syscall.Chmod(path, uint32(mode)), setTime(path, mtime, 0))
}

// rewrite changes the content of a file in place.
func (w *World) rewrite(path string, a Action) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	when := time.Unix(editTime, 0)
	text := string(old) + a.text(2)
	switch a[0] {
	case "rewrite_keep_mtime":
		text, when = a.text(2), st.ModTime()
	case "truncate_half":
		text = string(old[:len(old)/2])
	}
	if err := os.WriteFile(path, []byte(text), st.Mode()); err != nil {
		return err
	}
	return setTime(path, when.Unix(), int64(when.Nanosecond()))
}

func (w *World) symlink(target, path string) error {
	err := withParents(path, func(p string) error { return os.Symlink(target, p) })
	if err != nil {
		return err
	}
	return setTime(path, editTime, 0)
}

// chattr sets or takes away the immutable flag.
func (w *World) chattr(flag, path string) error {
	tool, err := exec.LookPath("chattr")
	if err != nil {
		return &Skip{"chattr is not installed"}
	}
	if out, err := exec.Command(tool, flag, path).CombinedOutput(); err != nil {
		return &Skip{fmt.Sprintf("chattr %s fails here: %s", flag, out)}
	}
	if flag == "+i" {
		w.immutable = append(w.immutable, path)
	}
	return nil
}

func (w *World) setCounter(a Action) error {
	path := filepath.Join(w.Root, counterFile)
	if a[1] == nil {
		return os.Remove(path)
	}
	return os.WriteFile(path, []byte(a.text(1)), 0o644)
}

// outside makes ROOT/usr/share an absolute link that leads out of ROOT.
func (w *World) outside() error {
	target := filepath.Join(w.Dir, outsideTarget)
	if err := writeFile(filepath.Join(target, "keep"), "k\n"); err != nil {
		return err
	}
	w.hasOutside = true
	return withParents(filepath.Join(w.Root, "usr/share"), func(p string) error { return os.Symlink(target, p) })
}

func withParents(path string, do func(string) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return do(path)
}

func writeFile(path, text string) error {
	return withParents(path, func(p string) error {
		if st, err := os.Lstat(p); err == nil && st.Mode().Type() == fs.ModeSymlink {
			return fmt.Errorf("%s is a symbolic link", p)
		}
		return os.WriteFile(p, []byte(text), 0o644)
	})
}

// setTime sets the mtime of a file or symbolic link.
func setTime(path string, sec, nsec int64) error {
	t := unix.Timespec{Sec: sec, Nsec: nsec}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW)
}
