package binpkg

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// recordKeys are the variables of a package in an index, sorted; MTIME and REPO
// come behind them.
var recordKeys = [...]string{
	"BDEPEND", "BUILD_ID", "BUILD_TIME", "CHOST", "CPV", "DEFINED_PHASES", "DEPEND", "EAPI", "IDEPEND", "IUSE",
	"KEYWORDS", "LICENSE", "MD5", "PATH", "PDEPEND", "PROPERTIES", "PROVIDES", "RDEPEND", "REQUIRES", "RESTRICT",
	"SHA1", "SIZE", "SLOT", "USE",
}

// record reads and verifies a package file and makes its lines.
func (u *indexUpdate) record(ctx context.Context, f *foundFile) (string, error) {
	v, err := OpenVerified(ctx, filepath.Join(u.dir, f.path), VerifyOptions{Expect: f.cpv, Signatures: SignatureIgnored})
	if err != nil {
		return "", err
	}
	defer v.Close()
	vars := v.recordVars()
	if vars["BUILD_ID"] == "" && f.buildID > 0 {
		vars["BUILD_ID"] = strconv.Itoa(f.buildID)
	}
	vars["PATH"] = filepath.ToSlash(f.path)
	vars["MTIME"] = strconv.FormatInt(f.modified, 10)
	if vars["CHOST"] == u.header["CHOST"] {
		delete(vars, "CHOST") // inherited
	}
	return recordText(vars), nil
}

// recordText sorts the lines. Empty values are left out, and SLOT and EAPI if they are 0.
func recordText(vars map[string]string) string {
	var b strings.Builder
	line := func(key, name string) {
		value := vars[key]
		if value == "" || value == "0" && (key == "SLOT" || key == "EAPI") {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(name + ": " + value)
	}
	for _, key := range recordKeys {
		line(key, key)
	}
	line("MTIME", "MTIME")
	line("repository", "REPO")
	return b.String()
}

// recordVars are a package's variables as an index has them: conditions on USE
// are decided, USE has only flags that the package knows.
func (v *Verified) recordVars() map[string]string {
	vars := map[string]string{}
	for _, value := range v.Metadata {
		if isVariable(value.Name) {
			vars[value.Name] = strings.Join(strings.Fields(string(value.Data)), " ")
		}
	}
	use := strings.Fields(vars["USE"])
	if known := strings.Fields(vars["IUSE_EFFECTIVE"]); len(known) > 0 {
		for _, flag := range strings.Fields(vars["IUSE"]) {
			known = append(known, strings.TrimLeft(flag, "+-"))
		}
		use = slices.DeleteFunc(use, func(flag string) bool { return !slices.Contains(known, flag) })
	}
	slices.Sort(use)
	use = slices.Compact(use)
	vars["USE"] = strings.Join(use, " ")
	decide(vars, v.Package, func(flag string) bool {
		_, on := slices.BinarySearch(use, flag)
		return on
	})
	vars["CPV"] = v.CPV.String()
	vars["SIZE"] = strconv.FormatInt(v.File.Size, 10)
	vars["MD5"], vars["SHA1"] = v.MD5, v.SHA1
	return vars
}

// decide evaluates the conditions on USE. What cannot be parsed stays as it is: a
// resolver will say so.
func decide(vars map[string]string, p *metadata.Package, use func(string) bool) {
	for key, parse := range map[string]func(string, *eapi.EAPI) (*depend.Node, error){
		"BDEPEND": depend.DependBuilt, "DEPEND": depend.DependBuilt, "IDEPEND": depend.DependBuilt, "PDEPEND": depend.DependBuilt,
		"RDEPEND": depend.DependBuilt, "LICENSE": depend.License, "PROPERTIES": depend.Words, "RESTRICT": depend.Words,
	} {
		if !strings.Contains(vars[key], "?") && !strings.Contains(vars[key], "=]") && !strings.Contains(vars[key], "=,") {
			continue
		}
		if n, err := parse(vars[key], p.EAPI); err == nil {
			vars[key] = n.Evaluate(use).String()
		}
	}
}
