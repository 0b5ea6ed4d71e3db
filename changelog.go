package portsolve

import "github.com/portsolve/portsolve/solver/answer"

// ChangeLog returns what the ChangeLog of a package tells of an entry of a plan
// that replaces other versions: the releases after the highest of them up to the
// new one, in the order of the file. Most repositories have no such files any more.
func (s *System) ChangeLog(e *answer.Entry) ([]string, error) {
	if e.Action != answer.Merge || e.Package == nil || len(e.Old) == 0 {
		return nil, nil
	}
	r := s.repos.ByName(e.Repo)
	if r == nil {
		return nil, nil
	}
	releases, err := r.ChangeLog(e.Package.CPV.CP)
	if err != nil {
		return nil, &InputError{err}
	}
	old := e.Old[len(e.Old)-1].CPV.Version
	var out []string
	for i := range releases {
		v := releases[i].Version
		if v.Compare(old) > 0 && v.Compare(e.Package.CPV.Version) <= 0 {
			out = append(out, releases[i].Text)
		}
	}
	return out, nil
}
