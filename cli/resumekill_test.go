package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A plan for ROOT and for the machine itself, killed at one moment after the other: what is left in either root is put
// in order by the next command, and --resume does the rest.
func TestResumeAfterKill(t *testing.T) {
	if _, err := exec.LookPath("portsolve"); err != nil {
		t.Skip("the command cannot be started as a process of its own:", err)
	}
	pkgdir := t.TempDir()
	for cpv, needs := range map[string][]string{
		"a/lib-1": nil, "a/inst-1": {"RDEPEND=a/lib"}, "a/tool-1": {"RDEPEND=a/lib", "IDEPEND=a/inst"},
	} {
		image := t.TempDir()
		for i := range 60 {
			path := filepath.Join(image, "usr/share", cpv, fmt.Sprint(i))
			check(t, os.MkdirAll(filepath.Dir(path), 0o755))
			check(t, os.WriteFile(path, []byte(strings.Repeat(cpv, 300)), 0o644))
		}
		check(t, makePackage(pkgdir, cpv, image, "", needs))
	}
	interrupted := 0
	for i, when := range []string{"(1 of 4)", "(2 of 4)", "(3 of 4)", "(4 of 4)"} {
		dir := tinyWorld(t, "")
		check(t, os.MkdirAll(filepath.Join(dir, "var/cache"), 0o755))
		check(t, os.Symlink(pkgdir, filepath.Join(dir, "var/cache/binpkgs")))
		image := emptyRoot(t, dir)
		ctx, kill := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, "portsolve", "merge", "--system", dir, "-K", "a/tool")
		cmd.Env = append(atRoot[:], "PATH="+os.Getenv("PATH"), "GORACE="+noExitSleep)
		cmd.Stdout = struct{ io.Writer }{&untilText{text: when, found: sync.OnceFunc(func() { time.AfterFunc(time.Duration(i)*time.Millisecond, kill) })}}
		if err := cmd.Run(); err == nil {
			t.Logf("%s: it was too fast to be killed", when)
		}
		kill()
		for _, words := range [][]string{{"merge", "--resume"}, {"merge", "-K", "--noreplace", "a/tool"}} {
			_, stderr, code := say(t, dir, atRoot[:], append([]string{words[0], "--system", dir}, words[1:]...)...)
			interrupted += strings.Count(stderr, "interrupted")
			if code != ExitOK && !strings.Contains(stderr, "nothing to resume") {
				t.Errorf("%s: %q: exit code %d\n%s", when, words, code, stderr)
			}
		}
		for _, root := range []string{dir, image} {
			for _, cpv := range []string{"a/lib-1", "a/inst-1", "a/tool-1"} {
				there := cpv == "a/lib-1" || (cpv == "a/tool-1") == (root == image)
				files, _ := filepath.Glob(filepath.Join(root, "usr/share", cpv, "*"))
				_, err := os.Stat(filepath.Join(root, "var/db/pkg", cpv, "CONTENTS"))
				if (err == nil) != there || (len(files) == 60) != there {
					t.Errorf("%s: %s in %s: %d files, %v", when, cpv, root, len(files), err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(root, "var/lib/portsolve/*")); len(left) > 0 {
				t.Errorf("%s: left in %s: %q", when, root, left)
			}
		}
		if world, _ := os.ReadFile(filepath.Join(image, "var/lib/portage/world")); string(world) != "a/tool\n" {
			t.Errorf("%s: world has %q", when, world)
		}
	}
	t.Logf("%d interrupted packages were put in order", interrupted)
}
