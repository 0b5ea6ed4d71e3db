package phase

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portsolve/portsolve/merge"
)

// Options of a Runner. The zero value runs phases with the bash of PATH.
type Options struct {
	// Off skips all phases; what would have run is named in PhaseCall.Out.
	Off bool
	// Bash is the program; "" is bash in PATH, /bin or /usr/bin.
	Bash string
	// Path is the PATH of phases, after the directory of helpers; "" is DefaultPath.
	Path string
	// Color uses colours in messages.
	Color bool
	// Quiet does not show what einfo and ebegin say.
	Quiet bool
	// Stdin is for pkg_config, which may ask questions; nil is /dev/null.
	Stdin *os.File
	// TempDir is where calls without PhaseCall.Temp have their directory; "" is
	// os.TempDir().
	TempDir string
	// Timeout limits one phase; 0 does not.
	Timeout time.Duration
	// Grace is the time between SIGTERM and SIGKILL for an interrupted phase, and
	// Linger how long the output of programs is read that outlive their phase; 0 is
	// 5 and 2 seconds.
	Grace, Linger time.Duration
	// Host answers questions about the system that builds (-b, --host-root) and Sysroot
	// those about SYSROOT (-d). nil reads the VDB of BROOT or SYSROOT.
	Host, Sysroot merge.Query
}

// DefaultPath is the PATH of a phase. It does not depend on ROOT: programs there may
// be for another machine.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin"

// Runner runs phases. It implements merge.Phases and can be used by several
// goroutines; PMS 11.3 wants phases to exclude each other, so it runs one at a time.
type Runner struct {
	o      Options
	bash   string // "" if there is none
	kernel string // as uname -r prints it

	one     sync.Mutex
	skipped []Skip
}

// Skip is a phase that was not run although the package has it.
type Skip struct {
	CPV, Phase string // Phase is without "pkg_"
	Why        string // for people
}

func (s Skip) String() string { return fmt.Sprintf("%s: pkg_%s not run: %s", s.CPV, s.Phase, s.Why) }

// New makes a Runner. Without bash it skips phases, as with Off.
func New(o Options) *Runner {
	if o.Path == "" {
		o.Path = DefaultPath
	}
	if o.TempDir == "" {
		o.TempDir = os.TempDir()
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.Linger == 0 {
		o.Linger = 2 * time.Second
	}
	return &Runner{o: o, bash: findBash(o.Bash), kernel: kernelRelease()}
}

func findBash(wanted string) string {
	for _, name := range []string{wanted, "bash", "/bin/bash", "/usr/bin/bash"} {
		if name == "" {
			continue
		}
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
		if name == wanted {
			break
		}
	}
	return ""
}

// Skipped lists the phases that were not run for want of bash or because phases are
// off, in order.
func (r *Runner) Skipped() []Skip {
	r.one.Lock()
	defer r.one.Unlock()
	return slices.Clone(r.skipped)
}

// Error is the failure of a phase. Which one it is, the caller knows and says.
type Error struct {
	CPV, Phase string
	// Reason is the message of die, or what happened instead: the text of the error.
	Reason string
	// Died reports that it was the package that called die or an equivalent.
	Died bool
}

func (e *Error) Error() string { return e.Reason }

// Run implements merge.Phases. It does nothing if the package does not define the
// phase. The error is an *Error if the phase failed, that of ctx if it was
// interrupted, and otherwise one of the file system.
func (r *Runner) Run(ctx context.Context, c merge.PhaseCall) error {
	r.one.Lock()
	defer r.one.Unlock()
	if err := complete(&c); err != nil {
		return err
	}
	shell := c.Package.EAPI.Shell()
	if c.Phase == "pretend" && !shell.Pretend {
		return nil
	}
	defined := strings.Fields(c.Package.Var("DEFINED_PHASES"))
	if len(defined) > 0 && !slices.Contains(defined, c.Phase) {
		return nil
	}
	if why := r.unable(); why != "" {
		return r.skip(&c, len(defined) > 0, why)
	}
	w, err := openWork(&c, r.o.TempDir)
	if err != nil {
		return err
	}
	defer w.close()
	run, err := w.environment(&c, len(defined) > 0)
	if errors.Is(err, errNoEnvironment) {
		if len(defined) == 0 {
			return nil
		}
		if installs(c.Phase) {
			return &Error{CPV: c.Package.CPV.String(), Phase: c.Phase, Reason: "the package has no environment.bz2"}
		}
		return say(&c, Skip{c.Package.CPV.String(), c.Phase, "its environment.bz2 is lost"})
	}
	if err != nil || !run {
		return err
	}
	return r.run(ctx, &c, w)
}

// unable says why no phase can be run, "" if one can.
func (r *Runner) unable() string {
	switch {
	case r.o.Off:
		return "phases are switched off"
	case r.bash == "" && r.o.Bash != "":
		return "there is no bash at " + r.o.Bash
	case r.bash == "":
		return "no bash in " + os.Getenv("PATH")
	}
	return ""
}

// skip notes a phase that should have been run. known tells that the package
// certainly has it.
func (r *Runner) skip(c *merge.PhaseCall, known bool, why string) error {
	if !known {
		return nil
	}
	s := Skip{CPV: c.Package.CPV.String(), Phase: c.Phase, Why: why}
	r.skipped = append(r.skipped, s)
	return say(c, s)
}

// say tells the user of a phase that is not run.
func say(c *merge.PhaseCall, s Skip) error {
	c.Elog("WARN", fmt.Sprintf("pkg_%s not run: %s", s.Phase, s.Why))
	_, err := fmt.Fprintf(c.Out, " * %s\n", s)
	return err
}

// phases that can be asked for, PMS 9.1.
var phases = []string{"pretend", "setup", "preinst", "postinst", "prerm", "postrm", "config", "info"}

// complete checks a call and fills what may be left out.
func complete(c *merge.PhaseCall) error {
	if !slices.Contains(phases, c.Phase) {
		return fmt.Errorf("there is no phase %q; known are %s", c.Phase, strings.Join(phases, ", "))
	}
	if c.Package == nil {
		return fmt.Errorf("pkg_%s: no package given", c.Phase)
	}
	if c.Package.EAPI == nil {
		return fmt.Errorf("the phases of %s cannot be run: EAPI %q is not known", c.Package.CPV, c.Package.EAPIName)
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Elog == nil {
		c.Elog = func(string, string) {}
	}
	return nil
}
