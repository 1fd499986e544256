package scheduler

import (
	"strconv"
	"strings"
	"time"
)

// timing is a parsed schedule expression: a moment, or a period.
type timing struct {
	at    time.Time
	every time.Duration
}

// parse reads `at(yyyy-mm-ddThh:mm:ss)` in the zone, or `rate(n unit)`.
func parse(expression, zone string) (timing, error) {
	kind, rest, _ := strings.Cut(expression, "(")
	arg, closed := strings.CutSuffix(rest, ")")
	location, err := time.LoadLocation(zone) // "" is UTC
	switch {
	case err != nil || zone == "Local":
		return timing{}, invalid("Invalid ScheduleExpressionTimezone: %q.", zone)
	case !closed:
		return timing{}, invalid("Invalid Schedule Expression %s.", expression)
	case kind == "at":
		at, err := time.ParseInLocation("2006-01-02T15:04:05", arg, location)
		if err != nil {
			return timing{}, invalid("Invalid Schedule Expression %s.", expression)
		}
		return timing{at: at}, nil
	case kind == "rate":
		every, err := parseRate(arg)
		return timing{every: every}, err
	case kind == "cron":
		return timing{}, invalid("the embedded Scheduler has no cron expressions: %s", expression)
	}
	return timing{}, invalid("Invalid Schedule Expression %s.", expression)
}

func parseRate(arg string) (time.Duration, error) {
	number, unit, _ := strings.Cut(arg, " ")
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	length, ok := units[strings.TrimSuffix(unit, "s")]
	n, err := strconv.Atoi(number)
	const most = 100 * 365 // days; more would not fit a Duration
	if !ok || err != nil || n < 1 || n > most {
		return 0, invalid("Invalid Schedule Expression rate(%s).", arg)
	}
	return time.Duration(n) * length, nil
}

// first is the first moment of the timing that is not before from.
func (t timing) first(from time.Time) time.Time {
	if t.every == 0 {
		return t.at
	}
	return from
}

// after is the moment that follows one that has passed, zero for none.
func (t timing) after(passed time.Time) time.Time {
	if t.every == 0 {
		return time.Time{}
	}
	return passed.Add(t.every)
}

// fires is when a schedule for that moment goes off.
func (s *Server) fires(moment time.Time) time.Time {
	p := s.opts.Precision
	if p < 2*time.Second {
		return moment
	}
	return moment.Truncate(p).Add(p - time.Second)
}
