package phase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/dsnet/compress/bzip2"
	"mvdan.cc/sh/v3/syntax"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
)

// keep puts what the phases of an installation have set into the environment.bz2 of
// the package's entry, where pkg_prerm and pkg_postrm of a later uninstall find it
// (PMS 11.2). What the package brought stays as it is; only what is new or different
// since the first phase is added behind it. Most packages change nothing, and then
// nothing is written.
func (w *work) keep(c *merge.PhaseCall) error {
	base, err := rootfs.ReadFile(w.tree, "environment.base")
	if err != nil {
		return err
	}
	now, err := rootfs.ReadFile(w.tree, "environment")
	if err != nil {
		return err
	}
	added := changes(FilterEnvironment(base), now)
	if len(added) == 0 {
		return nil
	}
	entry, err := rootfs.Open(c.Entry)
	if err != nil {
		return err
	}
	defer entry.Close()
	return amend(entry, added)
}

// changes are the declarations and functions of now that before does not have in the
// same words.
func changes(before, now []byte) []byte {
	old := map[string]string{}
	definitions(before, func(name, text string) { old[name] = text })
	var b bytes.Buffer
	definitions(now, func(name, text string) {
		if old[name] != text {
			b.WriteString(text + "\n")
		}
	})
	return b.Bytes()
}

// definitions calls f for what an environment, as bash prints it, defines.
func definitions(env []byte, f func(name, text string)) {
	statements(env, func(s *syntax.Stmt) {
		from, to := int(s.Pos().Offset()), int(s.End().Offset())
		if from < 0 || to > len(env) || from > to {
			return
		}
		text := string(env[from:to])
		switch c := s.Cmd.(type) {
		case *syntax.DeclClause:
			for _, a := range c.Args {
				if a.Name != nil {
					f(a.Name.Value, text)
				}
			}
		case *syntax.FuncDecl:
			if c.Name != nil {
				f(c.Name.Value+"()", text)
			}
		}
	})
}

// amend adds text to the entry's environment.bz2. At any time the old or the new
// file is there. The time of the directory is kept: the file "metadata" of the entry
// counts only as long as it is the recorded one, and its content has not changed.
func amend(entry rootfs.FS, added []byte) error {
	env, err := readEntry(entry)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := bzip2.NewWriter(&b, &bzip2.WriterConfig{Level: bzip2.BestCompression})
	if err != nil {
		return err
	}
	for _, part := range [][]byte{env, added} {
		if _, err := z.Write(part); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	dir, err := entry.Lstat(".")
	if err != nil {
		return err
	}
	if err := rootfs.WriteFile(entry, "environment.bz2", b.Bytes(), 0o644); err != nil {
		return err
	}
	return entry.Lutimes(".", dir.MTime)
}

// readEntry reads the environment.bz2 of an entry; there may be none.
func readEntry(entry rootfs.FS) ([]byte, error) {
	in, err := entry.Open("environment.bz2")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	env, err := decompress(io.Reader(in), MaxEnvironment)
	if err != nil {
		return nil, fmt.Errorf("environment.bz2 %w", err)
	}
	if n := len(env); n > 0 && env[n-1] != '\n' {
		env = append(env, '\n')
	}
	return env, nil
}
