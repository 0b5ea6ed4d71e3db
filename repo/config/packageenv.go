package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/portsolve/portsolve/repo/profile"
)

// envFile is a file of /etc/portage/env that package.env names; of its
// variables, USE, the USE_EXPAND ones and FEATURES matter here.
type envFile struct {
	use, features []op
}

// loadPackageEnv enters package.env.
func (s *Settings) loadPackageEnv() error {
	lines, err := s.userLines("package.env")
	if err != nil {
		return err
	}
	p := at(s.stages.pkg, 0, phaseEnv)
	for _, l := range lines {
		if l.Remove {
			continue
		}
		r := rule{atom: l.Atom, place: p, src: l.Source}
		features := rule{atom: l.Atom, place: at(userLayer, 0, phaseEnv), src: l.Source}
		for _, name := range l.Words {
			f, err := s.envFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				s.warnings = append(s.warnings, fmt.Sprintf("%s: there is no %s, which is ignored", l.Source, filepath.Join(s.places.user("env"), name)))
				continue
			}
			if err != nil {
				return err
			}
			r.ops = append(r.ops, f.use...)
			features.ops = append(features.ops, f.features...)
		}
		if len(r.ops) > 0 && s.stages.pkg > 0 {
			s.index.add(kindUse, r)
		}
		if len(features.ops) > 0 {
			s.index.add(kindFeatures, features)
		}
	}
	return nil
}

// envFile reads env/name once.
func (s *Settings) envFile(name string) (*envFile, error) {
	if f, ok := s.env[name]; ok {
		return f, nil
	}
	path := filepath.Join(s.places.user("env"), name)
	list, err := profile.ReadVars(path, profile.VarOptions{
		Include: s.places.inSystem,
		Lookup: func(v string) (string, bool) {
			if isIncremental(v) {
				return "", false
			}
			value, at := s.vars.plain(v)
			return value, !at.IsZero()
		},
	})
	if err != nil {
		return nil, err
	}
	vars := lastAssigns(list)
	for name := range vars {
		if s.vars.profileOnly[name] {
			delete(vars, name)
		}
	}
	f := &envFile{}
	for _, o := range s.nodeUse(nil, s.stages.pkg, 0, vars, true) {
		o.place = at(s.stages.pkg, 0, phaseEnv)
		f.use = append(f.use, o)
	}
	if a := vars["FEATURES"]; a != nil {
		f.features = assignOps(nil, a, "", at(userLayer, 0, phaseEnv))
	}
	s.env[name] = f
	return f, nil
}
