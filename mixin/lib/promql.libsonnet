// Pieces of PromQL that more than one system needs.
{
  // The last known state of a unit (a mover, a member, a node) of a target.
  //
  // current is what this scrape says. Where it says nothing about a unit, history
  // stands in, but only while the target is still scraped and this scrape did not
  // read everything: once all units of the part answered, a unit that is missing
  // does not exist any more. Units that do not offer the part, such as a standby
  // mover, never answer and do not count. absentWhen names units that did answer and
  // yet cannot show this state; they keep it too.
  held(current, history, selector, part, on, absentWhen=null)::
    std.rstripChars(current, '\n') + |||

      or on (%(on)s)
      (
        %(history)s
        and on (job, instance) up{%(selector)s}
        unless on (job, instance) (
          max by (job, instance) (dataprotection_part_failure{%(selector)s,part="%(part)s",reason!="not_supported"}) == 0
        )
      )
    ||| % { history: history, selector: selector, part: part, on: on } +
    (
      if absentWhen == null then '' else
        |||
          or on (%(on)s)
          (
            %(history)s
            and on (%(on)s) (%(absentWhen)s)
          )
        ||| % { history: history, absentWhen: absentWhen, on: on }
    ),

  // Ends an alert at once when its target leaves the configuration: ranges would
  // otherwise keep it alive for as long as they reach back. `up` is 0 while a scrape
  // fails, but it is there.
  whileScraped(selector):: 'and on (job, instance) up{%s}' % selector,
}
