//! The numbers of a limit as `[burst,rate,period_ms]`, those of a quota as `[count,"day"]`.

use tollgate_core::{
    json::{Reader, Writer},
    limit::{Numbers, Period, Refill},
};

use super::MessageError;

/// The longest name of a period, in bytes.
const PERIOD_MAX: usize = 5;

pub(super) fn write(numbers: Numbers, to: &mut Writer<'_>) -> Result<(), MessageError> {
    to.raw("[")?;
    to.uint(numbers.burst().into())?;
    to.raw(",")?;
    match numbers.refill() {
        Refill::Steady { rate, period_ms } => {
            to.uint(rate.into())?;
            to.raw(",")?;
            to.uint(period_ms.into())?;
        }
        Refill::Each(period) => to.string(period.as_str())?,
    }
    Ok(to.raw("]")?)
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Numbers, MessageError> {
    const WRONG: MessageError = MessageError::Field("numbers");
    from.expect("[")?;
    let burst = from.uint()?;
    from.expect(",")?;
    let numbers = if from.rest().first() == Some(&b'"') {
        let said = from.string(PERIOD_MAX)?;
        let period = Period::ALL.into_iter().find(|period| period.as_str() == said);
        Numbers::quota(burst, period.ok_or(WRONG)?)
    } else {
        let rate = from.uint()?;
        from.expect(",")?;
        Numbers::steady(burst, rate, from.uint()?)
    };
    from.expect("]")?;
    numbers.map_err(|_| WRONG)
}
