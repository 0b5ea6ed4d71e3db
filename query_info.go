package portsolve

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/profile"
	"github.com/portsolve/portsolve/solver/answer"
)

// Info describes the effective configuration, as emerge --info does as far as it
// is known without running anything, and for every argument the flags of the
// installed versions and of the one that would be merged. Arguments are as those
// of Resolve. The error is ctx's, a *UsageError or an *InputError.
func (s *System) Info(ctx context.Context, args []string) (*answer.Info, error) {
	t := s.target()
	res := &answer.Info{
		Schema: answer.Schema, Profiles: t.settings.Profiles(), Roots: []string{}, Repositories: []answer.RepoInfo{},
		Tools: []answer.Tool{}, WorldSets: []string{}, Variables: []answer.Variable{}, Unset: []string{},
		Packages: []answer.PackageInfo{}, Warnings: s.Warnings(), UseExpand: s.useExpand(),
	}
	for _, r := range s.roots {
		res.Roots = append(res.Roots, r.path)
	}
	for _, r := range s.repos.Repos {
		res.Repositories = append(res.Repositories, repoInfo(r))
	}
	for _, set := range t.world.Sets {
		res.WorldSets = append(res.WorldSets, set.Text)
	}
	res.Profile = s.profileName(res.Profiles)
	if err := s.infoTools(res); err != nil {
		return nil, inputError(ctx, err)
	}
	if err := s.infoVariables(res); err != nil {
		return nil, inputError(ctx, err)
	}
	if len(args) == 0 {
		return res, nil
	}
	if err := s.infoPackages(ctx, res, args); err != nil {
		return nil, inputError(ctx, err)
	}
	return res, nil
}

func repoInfo(r *repo.Repo) answer.RepoInfo {
	info := answer.RepoInfo{Name: r.Name, Location: r.Location, Priority: r.Priority, Masters: []string{}}
	for _, m := range r.Masters {
		info.Masters = append(info.Masters, m.Name)
	}
	info.SyncType, _ = r.Setting("sync-type")
	info.SyncURI, _ = r.Setting("sync-uri")
	return info
}

// profileName is the profile that the stack belongs to, the last one that is not
// the user's own, without the path of its repository.
func (s *System) profileName(stack []string) string {
	own := filepath.Join(s.target().settings.ConfigDir(), "profile")
	for _, dir := range slices.Backward(stack) {
		if dir == own {
			continue
		}
		for _, r := range s.repos.Repos {
			if name, ok := strings.CutPrefix(dir, filepath.Join(r.Location, "profiles")+"/"); ok {
				return name
			}
		}
		return dir
	}
	return ""
}

// infoList reads profiles/info_vars or info_pkgs of all repositories: one name on a line.
func (s *System) infoList(name string) ([]string, error) {
	var out []string
	for _, r := range s.repos.Repos {
		lines, err := profile.ReadLines(filepath.Join(r.Location, "profiles", name))
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			out = append(out, l.Fields[0])
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// infoTools names the installed versions of profiles/info_pkgs.
func (s *System) infoTools(res *answer.Info) error {
	names, err := s.infoList("info_pkgs")
	if err != nil {
		return err
	}
	for _, name := range names {
		a, err := atom.ParseWildcard(name)
		if err != nil || a.Wild {
			continue // emerge, too, passes over what it does not understand
		}
		tool := answer.Tool{Atom: name}
		for _, p := range s.target().recorded.Packages(a.CP) {
			if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) {
				tool.Installed = append(tool.Installed, p.CPV.Version.String()+"::"+p.Repo)
			}
		}
		if len(tool.Installed) > 0 {
			res.Tools = append(res.Tools, tool)
		}
	}
	return nil
}

// alwaysInfo are variables that matter to a resolution whether or not the
// repository's profiles/info_vars lists them.
func alwaysInfo() []string {
	return []string{
		"ACCEPT_KEYWORDS", "ACCEPT_LICENSE", "ACCEPT_PROPERTIES", "ACCEPT_RESTRICT", "ARCH", "CHOST", "DISTDIR",
		"EMERGE_DEFAULT_OPTS", "FEATURES", "PKGDIR", "USE",
	}
}

func (s *System) infoVariables(res *answer.Info) error {
	names, err := s.infoList("info_vars")
	if err != nil {
		return err
	}
	settings := s.target().settings
	prefixes, hidden := settings.UseExpand()
	names = append(names, alwaysInfo()...)
	for _, p := range prefixes {
		if !hidden[p] {
			names = append(names, strings.ToUpper(p))
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		value, src := settings.Var(name)
		if value == "" {
			if !slices.Contains(prefixes, strings.ToLower(name)) {
				res.Unset = append(res.Unset, name)
			}
			continue
		}
		if name == "USE" {
			value = withoutGroups(value, prefixes)
		}
		res.Variables = append(res.Variables, answer.Variable{Name: name, Value: value, Source: src.String()})
	}
	return nil
}

// withoutGroups takes the flags that have a USE_EXPAND variable of their own out of USE.
func withoutGroups(use string, prefixes []string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(use), func(flag string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(flag, p+"_") })
	}), " ")
}

// infoPackages describes the packages that the arguments name.
func (s *System) infoPackages(ctx context.Context, res *answer.Info, args []string) error {
	x, err := s.expand(ctx, Request{Args: args})
	if err != nil {
		return err
	}
	if len(x.missing) > 0 {
		m := &x.missing[0]
		return &UsageError{errNoPackage(m.Atom, m.Suggestions)}
	}
	for i := range x.args {
		arg := &x.args[i]
		for j := range arg.Atoms {
			a := arg.Atoms[j].Atom
			found, err := s.infoPackage(ctx, a, arg.Exact)
			if err != nil {
				return err
			}
			if len(found) == 0 && !arg.Set {
				return &UsageError{errNoPackage(a.String(), s.similarNames(a.CP))}
			}
			res.Packages = append(res.Packages, found...)
		}
	}
	return nil
}

// infoPackage describes what is installed of an atom, and the version that
// would be merged: the best visible one, or the best one with what hides it.
func (s *System) infoPackage(ctx context.Context, a *atom.Atom, exact *metadata.Package) ([]answer.PackageInfo, error) {
	t := s.target()
	var out []answer.PackageInfo
	matches := func(p *metadata.Package) bool {
		return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && (a.Repo == "" || a.Repo == p.Repo)
	}
	for _, p := range t.recorded.Packages(a.CP) {
		if matches(p) {
			out = append(out, s.packageInfo(t.candidate(p)))
		}
	}
	if exact != nil {
		return append(out, s.packageInfo(t.candidate(exact))), nil
	}
	all, err := s.versions(ctx, a.CP)
	if err != nil {
		return nil, err
	}
	var best *Candidate
	for _, p := range all {
		if !matches(p) {
			continue
		}
		c := t.candidate(p)
		if best == nil || len(c.Excluded) == 0 {
			best = &c
		}
		if len(c.Excluded) == 0 {
			break
		}
	}
	if best != nil {
		out = append(out, s.packageInfo(*best))
	}
	return out, nil
}

func (s *System) packageInfo(c Candidate) answer.PackageInfo {
	p, settings := c.Pkg, s.roots[c.Root].settings
	info := answer.PackageInfo{
		CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo, Flags: []answer.FlagInfo{},
		Installed: p.Origin == metadata.Installed, Visible: c.Visible(), Hidden: reasons(c.Excluded),
	}
	r := s.repos.ByName(p.Repo)
	for _, f := range p.IUSE {
		on, forced, masked, src := settings.ExplainUse(p, f.Name)
		flag := answer.FlagInfo{
			Name: f.Name, Enabled: c.Use.Has(f.Name), Configured: on, Forced: forced && !masked, Masked: masked,
			Source: src.String(), Setting: src.Text,
		}
		if r != nil {
			// A description that cannot be read is of no interest beside the flag's state.
			flag.Description, _ = r.UseDescription(p.CPV.CP, f.Name)
		}
		info.Flags = append(info.Flags, flag)
	}
	slices.SortFunc(info.Flags, func(a, b answer.FlagInfo) int { return strings.Compare(a.Name, b.Name) })
	return info
}
