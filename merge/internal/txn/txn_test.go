package txn

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

func write(t *testing.T, tree rootfs.FS, name, text string) {
	t.Helper()
	if err := rootfs.MkdirAll(tree, name[:strings.LastIndexByte("/"+name, '/')]+".", 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := tree.Create(name, 0o644)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, tree rootfs.FS) string {
	t.Helper()
	var b strings.Builder
	err := rootfs.Walk(tree, ".", func(name string, i rootfs.Info) error {
		if i.IsRegular() {
			text, err := rootfs.ReadFile(tree, name)
			fmt.Fprintf(&b, "%s=%s ", name, text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// setUp makes a tree and a transaction that replaces, adds, drops and makes things.
func setUp(t *testing.T) (rootfs.FS, func(rootfs.FS) (*Tx, error)) {
	tree, err := rootfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	write(t, tree, "d/a", "old")
	write(t, tree, "d/gone", "old")
	write(t, tree, "d/sub/x", "old")
	return tree, func(f rootfs.FS) (*Tx, error) {
		tx, err := Begin(f, Dir, 1, "cat/pkg-1", "data")
		if err != nil {
			return nil, err
		}
		for _, n := range []string{"a", "b", "sub"} {
			file, err := f.Create(tx.Stage(n), 0o644)
			if err != nil {
				return tx, err
			}
			if _, err := file.Write([]byte("new")); err != nil {
				return tx, err
			}
			if err := file.Close(); err != nil {
				return tx, err
			}
		}
		err = tx.Prepare([]Op{
			{Kind: Mkdir, Path: "d/made", Mode: 0o755, UID: -1},
			{Kind: Put, Path: "d/a", New: tx.Stage("a"), Old: tx.Stage("old/1")},
			{Kind: Put, Path: "d/made/b", New: tx.Stage("b")},
			{Kind: Put, Path: "d/sub", New: tx.Stage("sub"), Old: tx.Stage("old/2"), Move: true},
			{Kind: Drop, Path: "d/gone", Old: tx.Stage("old/3")},
		})
		if err == nil {
			err = tx.Commit()
		}
		return tx, err
	}
}

const (
	before = "d/a=old d/gone=old d/sub/x=old "
	after  = "d/a=new d/made/b=new d/sub=new "
)

func TestCommitAndRollback(t *testing.T) {
	tree, commit := setUp(t)
	tx, err := commit(tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := list(t, tree); got != after {
		t.Errorf("after: %s", got)
	}
	if there, _ := rootfs.Exists(tree, "var/lib/portsolve"); there {
		t.Error("the directory of transactions is left")
	}
}

// TestEveryPairOfFaults lets a call fail, and then kills the process at every later
// call, so that taking back is interrupted everywhere; then it is done by the next run.
func TestEveryPairOfFaults(t *testing.T) {
	counted, commit := setUp(t)
	f := faultfs.Wrap(counted, faultfs.Options{})
	if _, err := commit(f); err != nil {
		t.Fatal(err)
	}
	total := f.Count()
	for at := 1; at <= total; at++ {
		for then := at; then < at+40; then += 3 + at%3 {
			tree, commit := setUp(t)
			f := faultfs.Wrap(tree, faultfs.Options{At: at, Kind: faultfs.IO, KillAt: then})
			_, err := commit(f)
			if err == nil {
				continue
			}
			what := fmt.Sprintf("EIO at %d, killed at %d", at, then)
			recoverAll(t, tree, what)
			if got := list(t, tree); got != before && got != after {
				t.Fatalf("%s: %s", what, got)
			}
		}
	}
}

// TestKilledAtTheEnd kills the process before each of the last calls: List alone, or
// taking back what it finds, leaves no directory of transactions.
func TestKilledAtTheEnd(t *testing.T) {
	for at := 1; ; at++ {
		tree, commit := setUp(t)
		tx, err := commit(tree)
		if err != nil {
			t.Fatal(err)
		}
		f := faultfs.Wrap(tree, faultfs.Options{At: at, Kind: faultfs.Kill, Trace: true})
		tx.FS = f
		_ = tx.Finish()
		recoverAll(t, tree, "killed at the end")
		if there, _ := rootfs.Exists(tree, path.Dir(Dir)); there {
			t.Errorf("killed before %s: %s is left", f.Calls()[at-1], path.Dir(Dir))
		}
		if f.Count() < at {
			break
		}
	}
}

func recoverAll(t *testing.T, tree rootfs.FS, what string) {
	t.Helper()
	all, err := List(tree, []string{Dir})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, tx := range all {
		switch tx.State {
		case Ready:
			if err = tx.Apply(); err == nil {
				err = tx.Finish()
			} else if tx.State == Open {
				err = nil // taken back
			}
		case Done:
			err = tx.Finish()
		default:
			err = tx.Rollback()
		}
		if err != nil {
			t.Fatalf("%s: %v: %v", what, tx.State, err)
		}
	}
}

// TestSomebodyElseCame: after a kill another program replaces files that the
// transaction has put in place or is about to. Whatever becomes of the rest, those stay.
func TestSomebodyElseCame(t *testing.T) {
	for at := 1; at < 40; at++ {
		tree, err := rootfs.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var ops []Op
		tx, err := Begin(tree, Dir, 1, "cat/pkg-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			o := Op{Kind: Put, Path: fmt.Sprintf("f%d", i), New: tx.Stage(fmt.Sprint(i))}
			write(t, tree, o.New, "new")
			info, _ := tree.Lstat(o.New)
			o.NewIno = info.Ino
			if i%2 == 0 {
				write(t, tree, o.Path, "old")
				info, _ := tree.Lstat(o.Path)
				o.OldIno, o.Old = info.Ino, tx.Stage(fmt.Sprintf("old%d", i))
			}
			ops = append(ops, o)
		}
		tx.FS = faultfs.Wrap(tree, faultfs.Options{At: at, Kind: faultfs.Kill})
		if tx.Prepare(ops) == nil {
			_ = tx.Commit()
		}
		for i := range 4 {
			name := fmt.Sprintf("f%d", i)
			write(t, tree, name+".tmp", "theirs") // as others replace files, too
			if err := tree.Rename(name+".tmp", name); err != nil {
				t.Fatal(err)
			}
		}
		recoverAll(t, tree, fmt.Sprintf("killed at %d", at))
		if got := list(t, tree); got != "f0=theirs f1=theirs f2=theirs f3=theirs " {
			t.Errorf("killed at %d: %s", at, got)
		}
		tree.Close()
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	tree, _ := setUp(t)
	write(t, tree, "d/caf\xe9", "old")
	tx, err := Begin(tree, Dir, 1, "cat/pkg-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, tree, tx.Stage("caf\xe9%"), "new")
	if err := tx.Prepare([]Op{{Kind: Put, Path: "d/caf\xe9", New: tx.Stage("caf\xe9%"), Old: tx.Stage("o\n\xff")}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.rename(readyFile+newSuffix, readyFile, Ready); err != nil { // killed here
		t.Fatal(err)
	}
	recoverAll(t, tree, "killed")
	if text, err := rootfs.ReadFile(tree, "d/caf\xe9"); string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestForgedJournalIsRefused(t *testing.T) {
	for _, line := range []string{
		`{"op":"put","path":"../etc/passwd","new":"x"}`, `{"op":"put","path":"/etc/passwd","new":"x"}`, `{"op":"burn","path":"x"}`,
		`{"op":"put","path":"","new":"x"}`, `{"op":"put"`, "null",
	} {
		tree, _ := setUp(t)
		header, _ := json.Marshal(Header{Version: 1, Stage: Dir + "/1" + stageSuffix})
		write(t, tree, Dir+"/1/"+readyFile, string(header)+"\n"+line+"\nend\n")
		if _, err := List(tree, []string{Dir}); err == nil {
			t.Errorf("%s was accepted", line)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"version\":1,\"stage\":\"" + Dir + "/1.stage\"}\n{\"op\":\"put\",\"path\":\"a\",\"new\":\"b\"}\nend\n"))
	f.Add([]byte("end\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tx := &Tx{Name: "1"}
		if tx.parse(text, []string{Dir}) != nil {
			return
		}
		for i := range tx.Ops {
			for _, n := range []string{tx.Ops[i].Path, tx.Ops[i].New, tx.Ops[i].Old, tx.Ops[i].From} {
				if strings.HasPrefix(n, "/") || strings.HasPrefix(n, "..") || strings.Contains(n, "/../") {
					t.Errorf("a name leads out: %q", n)
				}
			}
		}
	})
}
