package render

import (
	"io"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// ruler is the line that emerge --info puts between its parts.
const ruler = "================================================================="

// Info prints the configuration as emerge --info does, then packages with the
// place that decides each flag.
func Info(w io.Writer, res *answer.Info, o Options) error {
	p := &page{opt: o, palette: palette{on: o.Color}, res: &answer.Result{UseExpand: res.UseExpand, Warnings: res.Warnings}}
	p.printf("Profile: %s\n", res.Profile)
	if len(res.Roots) > 1 || res.Roots[0] != "/" {
		p.printf("Roots: %s\n", strings.Join(res.Roots, " "))
	}
	p.printf("%s\n", ruler)
	width := 0
	for _, t := range res.Tools {
		width = max(width, len(t.Atom)+1)
	}
	for _, t := range res.Tools {
		p.printf("%-*s  %s\n", width, t.Atom+":", strings.Join(t.Installed, ", "))
	}
	p.repositories(res.Repositories)
	if len(res.WorldSets) > 0 {
		p.printf("Installed sets: %s\n", strings.Join(res.WorldSets, ", "))
	}
	p.variables(res)
	if len(res.Packages) > 0 {
		p.printf("\n%s\n                        Package Settings\n%s\n", ruler, ruler)
	}
	for i := range res.Packages {
		p.packageInfo(&res.Packages[i])
	}
	p.warnings()
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) repositories(list []answer.RepoInfo) {
	p.WriteString("Repositories:\n\n")
	for _, r := range list {
		p.printf("%s\n    location: %s\n", r.Name, r.Location)
		if r.SyncType != "" {
			p.printf("    sync-type: %s\n", r.SyncType)
		}
		if r.SyncURI != "" {
			p.printf("    sync-uri: %s\n", r.SyncURI)
		}
		if len(r.Masters) > 0 {
			p.printf("    masters: %s\n", strings.Join(r.Masters, " "))
		}
		p.printf("    priority: %d\n\n", r.Priority)
	}
}

func (p *page) variables(res *answer.Info) {
	for _, v := range res.Variables {
		p.printf("%s=%q", v.Name, v.Value)
		if p.opt.Level == Verbose && v.Source != "" {
			p.printf("    # %s", v.Source)
		}
		p.WriteString("\n")
	}
	if len(res.Unset) > 0 {
		p.printf("Unset:  %s\n", strings.Join(res.Unset, ", "))
	}
}

// packageInfo writes the flags as one line of USE="…", as emerge does, and then
// one by one with what decides them.
func (p *page) packageInfo(info *answer.PackageInfo) {
	p.printf("\n%s%s::%s ", p.palette.paint(bold, info.CPV), slotSuffix(info.Slot, info.SubSlot), info.Repo)
	switch {
	case info.Installed:
		p.WriteString("was built with the following:\n")
	case info.Visible:
		p.WriteString("would be built with the following:\n")
	default:
		p.WriteString("is ruled out, and would be built with the following:\n")
	}
	e := answer.Entry{Use: map[string]bool{}}
	width := 0
	for _, f := range info.Flags {
		e.Use[f.Name] = f.Enabled
		if !info.Installed && (f.Forced || f.Masked) {
			e.Forced = append(e.Forced, f.Name) // sorted, as the flags are
		}
		width = max(width, len(f.Name)+1)
	}
	full := page{opt: Options{Level: Verbose, Alphabetical: p.opt.Alphabetical}, palette: p.palette, res: p.res}
	if use := full.useString(&e, class{kind: kindNew}); use != "" {
		p.printf("%s\n", use)
	}
	for i := range info.Hidden {
		if !info.Installed {
			p.reason(&info.Hidden[i])
		}
	}
	if len(info.Flags) > 0 {
		p.WriteString("\n")
	}
	for i := range info.Flags {
		p.flagInfo(&info.Flags[i], width, info.Installed)
	}
}

func (p *page) flagInfo(f *answer.FlagInfo, width int, installed bool) {
	sign, style := "-", disabled
	if f.Enabled {
		sign, style = "+", enabled
	}
	pad := strings.Repeat(" ", width-len(f.Name)-1)
	p.printf("    %s%s  ", p.palette.paint(style, sign+f.Name), pad)
	if installed && f.Configured != f.Enabled {
		now := "off"
		if f.Configured {
			now = "on"
		}
		p.printf("%s now: ", p.palette.paint(changed, now))
	}
	switch {
	case f.Masked:
		p.WriteString("masked by ")
	case f.Forced:
		p.WriteString("forced by ")
	}
	switch {
	case f.Source == "":
		p.WriteString("nothing mentions it")
	case strings.HasPrefix(f.Setting, "IUSE="):
		p.WriteString("default of the ebuild")
	default:
		p.WriteString(f.Source)
	}
	p.WriteString("\n")
	if p.opt.Level == Verbose && f.Description != "" {
		p.printf("    %s  %s\n", strings.Repeat(" ", width), f.Description)
	}
}
