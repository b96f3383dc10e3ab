using Parley.Phone.State;

namespace Parley.Phone;

/// <summary>What the user, or a program, sees of the phone and does with it.</summary>
internal interface IPhoneFront
{
    /// <summary>Takes what has happened, gives it to the state, and shows it.</summary>
    /// <returns>What is to be done.</returns>
    IReadOnlyList<PhoneIntent> Take(Moment now, PhoneInput input);
}
